using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Unicode;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Client.Reasons;
using Sylvan.Data.Csv;

namespace Guardian.CleanRoom.Client.Reading;

/// <summary>Reads CSV with a header, UTF-8 or UTF-16, packed with gzip or not.</summary>
internal sealed class CsvRows : IRows
{
    private const int BufferSize = 256 * 1024;

    // Excel writes the delimiter in a line of its own before the header.
    private const string DelimiterLine = "sep=";

    private readonly string path;
    private readonly Stream file;
    private readonly CsvDataReader reader;
    private int rows;

    /// <param name="path">The name of the file, for people, and to find the line of a problem.</param>
    /// <param name="file">The open file. Packed with gzip or not. Disposed with this.</param>
    public CsvRows(string path, Stream file)
    {
        this.path = path;
        this.file = file;
        try
        {
            reader = TranslateFailures(CreateReader);
        }
        catch
        {
            file.Dispose();
            throw;
        }
        Header =
        [
            .. Enumerable.Range(0, reader.FieldCount).Select(i => CanonicalText.Compose(Unwrap(reader.GetName(i)).Trim().ToString())),
        ];
    }

    private CsvDataReader CreateReader()
    {
        var strict = new UTF8Encoding(false, throwOnInvalidBytes: true);
        var plain = new PeekedStream(file);
        if (plain.Foreign is { } format)
        {
            throw RoomClientReasons.RefuseData(
                $"{path} is {format}", "unpack it, or save it as CSV (packed with gzip or not), Parquet or Excel (.xlsx)");
        }
        var text = new PeekedReader(new StreamReader(
            plain.IsGzip ? new GZipStream(plain, CompressionMode.Decompress) : plain, plain.Utf16 ?? strict,
            detectEncodingFromByteOrderMarks: true, BufferSize));
        // RFC 4180 knows no comments, and the library must skip some: those that begin with a character that no text has.
        var options = new CsvDataReaderOptions
        {
            OwnsReader = true, BufferSize = BufferSize, Comment = '\uFFFF', CommentHandler = (Action<string>)RefuseDamaged,
        };
        if (text.TrySkipLine(DelimiterLine) is { Length: 1 } delimiter)
        {
            options.Delimiter = delimiter[0];
        }
        return CsvDataReader.Create(text, options);
    }

    public IReadOnlyList<string> Header { get; }

    // A spreadsheet shows the header as row 1.
    public int FirstRow => 2;

    public int CellCount => reader.RowFieldCount;

    public long Position => file.CanSeek ? file.Position : 0;

    public bool IsBlank => reader.RowFieldCount == 1 && Header.Count > 1 && Cell(0).Trim().IsEmpty;

    public bool Read()
    {
        rows++;
        return TranslateFailures(reader.Read);
    }

    public ReadOnlySpan<char> Cell(int column) => Unwrap(reader.GetFieldSpan(column));

    public void Dispose()
    {
        reader.Dispose();
        file.Dispose();
    }

    // Excel keeps the zeros of ="007".
    private static ReadOnlySpan<char> Unwrap(ReadOnlySpan<char> cell) => cell is not ['=', '"', .. var text, '"'] ? cell
        : text.Contains('"') ? text.ToString().Replace("\"\"", "\"", StringComparison.Ordinal)
        : text;

    private void RefuseDamaged(string row) => throw RoomClientReasons.RefuseData(
        $"{path} is damaged, or not text",
        $"{(rows == 0 ? "its header or first row" : $"row {rows + 1}")} begins with U+FFFF, which is no character");

    private T TranslateFailures<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (DecoderFallbackException)
        {
            throw RoomClientReasons.RefuseData(
                $"{path} is not UTF-8",
                (FindInvalidLine() is { } line ? $"line {line} has" : "it has") + " bytes that are not UTF-8; save the file as UTF-8");
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

    // Null for standard input, which cannot be read again.
    private int? FindInvalidLine()
    {
        if (!file.CanSeek)
        {
            return null;
        }
        using var reopened = new PeekedStream(File.OpenRead(path));
        using var bytes = new BufferedStream(reopened.IsGzip ? new GZipStream(reopened, CompressionMode.Decompress) : reopened);
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
