using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Unicode;
using Sylvan.Data.Csv;

namespace Guardian.CleanRoom.Client.Reading;

/// <summary>CSV with a header, UTF-8; unpacked on the way when its name ends in <c>.gz</c>.</summary>
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
            var text = new StreamReader(Unpack(path, file), new UTF8Encoding(false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: true, BufferSize);
            reader = Guarded(() => CsvDataReader.Create(text, new CsvDataReaderOptions { OwnsReader = true, BufferSize = BufferSize }));
        }
        catch
        {
            file.Dispose();
            throw;
        }
        Header = [.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetName(i).Trim())];
    }

    public IReadOnlyList<string> Header { get; }

    // Rows are counted as a spreadsheet shows them: the header is row 1.
    public int FirstRow => 2;

    public int CellCount => reader.RowFieldCount;

    public long Position => file.Position;

    public bool Read()
    {
        rows++;
        return Guarded(reader.Read);
    }

    public ReadOnlySpan<char> Cell(int column) => reader.GetFieldSpan(column);

    public void Dispose()
    {
        reader.Dispose();
        file.Dispose();
    }

    private T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (DecoderFallbackException)
        {
            throw new PreparationException($"{path} is not UTF-8", [$"line {FindInvalidLine()} has bytes that are no UTF-8; save the file as UTF-8"]);
        }
        catch (CsvMissingHeadersException)
        {
            throw new PreparationException($"{path} is empty; it needs a header and a row for each person");
        }
        catch (CsvRecordTooLargeException)
        {
            throw new PreparationException($"{path} is no CSV file as it should be", [$"row {rows + 1} is too large; is a closing quote missing?"]);
        }
        catch (CsvFormatException failure)
        {
            throw new PreparationException($"{path} is no CSV file as it should be", [string.Create(CultureInfo.InvariantCulture, $"row {failure.RowNumber + 1}: {failure.Message}")]);
        }
        catch (InvalidDataException failure)
        {
            throw new PreparationException($"{path} cannot be unpacked: {failure.Message}");
        }
    }

    private static Stream Unpack(string path, FileStream file) =>
        path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;

    private int FindInvalidLine()
    {
        using var again = File.OpenRead(path);
        using var bytes = new BufferedStream(Unpack(path, again));
        using var copy = new MemoryStream();
        var line = 1;
        for (int value; (value = bytes.ReadByte()) >= 0;)
        {
            if (value != '\n')
            {
                copy.WriteByte((byte)value);
                continue;
            }
            if (!Utf8.IsValid(copy.GetBuffer().AsSpan(0, (int)copy.Length)))
            {
                return line;
            }
            copy.SetLength(0);
            line++;
        }
        return line;
    }
}
