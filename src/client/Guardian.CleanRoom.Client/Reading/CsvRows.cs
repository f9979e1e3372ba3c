using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Unicode;
using Guardian.CleanRoom.Client.Reasons;
using Sylvan.Data.Csv;

namespace Guardian.CleanRoom.Client.Reading;

/// <summary>Reads CSV with a header, UTF-8; unpacks it when its name ends in <c>.gz</c>.</summary>
internal sealed class CsvRows : IRows
{
    private const int BufferSize = 256 * 1024;

    private readonly string path;
    private readonly FileStream file;
    private readonly CsvDataReader reader;
    private int rows;

    public CsvRows(string path)
    {
        this.path = path;
        file = File.OpenRead(path);
        try
        {
            var strict = new UTF8Encoding(false, throwOnInvalidBytes: true);
            var text = new StreamReader(Unpack(path, file), strict, detectEncodingFromByteOrderMarks: true, BufferSize);
            var options = new CsvDataReaderOptions { OwnsReader = true, BufferSize = BufferSize };
            reader = TranslateFailures(() => CsvDataReader.Create(text, options));
        }
        catch
        {
            file.Dispose();
            throw;
        }
        Header = [.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetName(i).Trim())];
    }

    public IReadOnlyList<string> Header { get; }

    // A spreadsheet shows the header as row 1.
    public int FirstRow => 2;

    public int CellCount => reader.RowFieldCount;

    public long Position => file.Position;

    public bool Read()
    {
        rows++;
        return TranslateFailures(reader.Read);
    }

    public ReadOnlySpan<char> Cell(int column) => reader.GetFieldSpan(column);

    public void Dispose()
    {
        reader.Dispose();
        file.Dispose();
    }

    private T TranslateFailures<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (DecoderFallbackException)
        {
            throw RoomClientReasons.RefuseData(
                $"{path} is not UTF-8", $"line {FindInvalidLine()} has bytes that are not UTF-8; save the file as UTF-8");
        }
        catch (CsvMissingHeadersException)
        {
            throw RoomClientReasons.RefuseData($"{path} is empty; it needs a header and a row for each person");
        }
        catch (CsvRecordTooLargeException)
        {
            throw RoomClientReasons.RefuseData($"{path} is not valid CSV", $"row {rows + 1} is too large; is a closing quote missing?");
        }
        catch (CsvFormatException failure)
        {
            throw RoomClientReasons.RefuseData(
                $"{path} is not valid CSV", string.Create(CultureInfo.InvariantCulture, $"row {failure.RowNumber + 1}: {failure.Message}"));
        }
        catch (InvalidDataException failure)
        {
            throw RoomClientReasons.RefuseData($"{path} cannot be unpacked: {failure.Message}");
        }
    }

    private static Stream Unpack(string path, FileStream file) =>
        path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;

    private int FindInvalidLine()
    {
        using var reopened = File.OpenRead(path);
        using var bytes = new BufferedStream(Unpack(path, reopened));
        using var text = new MemoryStream();
        var line = 1;
        for (int value; (value = bytes.ReadByte()) >= 0;)
        {
            if (value != '\n')
            {
                text.WriteByte((byte)value);
                continue;
            }
            if (!Utf8.IsValid(text.GetBuffer().AsSpan(0, (int)text.Length)))
            {
                return line;
            }
            text.SetLength(0);
            line++;
        }
        return line;
    }
}
