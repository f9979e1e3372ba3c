using System.Globalization;
using System.Text;
using ExcelDataReader;
using ExcelDataReader.Exceptions;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Client.Reasons;

namespace Guardian.CleanRoom.Client.Reading;

/// <summary>Reads the first sheet of an Excel workbook (<c>.xlsx</c>), whose first row is the header.</summary>
internal sealed class ExcelRows : IRows
{
    // The library asks for the encoding of old formats even where it does not need it.
    static ExcelRows() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    private readonly string path;
    private readonly string? timeColumn;
    private readonly FileStream file;
    private readonly IExcelDataReader reader;
    private readonly string[] cells;

    /// <param name="path">The name of the file, for people.</param>
    /// <param name="file">The open file; disposed with this.</param>
    /// <param name="timeColumn">The column whose timestamps are points in time; a timestamp at midnight in another column is a day.</param>
    public ExcelRows(string path, FileStream file, string? timeColumn)
    {
        (this.path, this.timeColumn, this.file) = (path, timeColumn, file);
        try
        {
            reader = TranslateFailures(() => ExcelReaderFactory.CreateOpenXmlReader(file));
            if (!TranslateFailures(reader.Read))
            {
                throw RoomClientReasons.RefuseData($"{path} is empty; its first sheet needs a header and a row for each person");
            }
            Header = [.. Enumerable.Range(0, reader.FieldCount).Select(i => CanonicalText.Compose($"{reader.GetValue(i)}".Trim()))];
        }
        catch
        {
            reader?.Dispose();
            file.Dispose();
            throw;
        }
        cells = new string[Header.Count];
    }

    public IReadOnlyList<string> Header { get; }

    public int FirstRow => 2;

    public int CellCount => Header.Count;

    public bool IsBlank => cells.All(string.IsNullOrWhiteSpace);

    public long Position => file.CanSeek ? file.Position : 0;

    public bool Read()
    {
        if (!TranslateFailures(reader.Read))
        {
            return false;
        }
        for (var i = 0; i < cells.Length; i++)
        {
            cells[i] = i < reader.FieldCount ? Write(reader.GetValue(i), Header[i] == timeColumn) : "";
        }
        return true;
    }

    public ReadOnlySpan<char> Cell(int column) => cells[column];

    public void Dispose()
    {
        reader.Dispose();
        file.Dispose();
    }

    private static string Write(object? value, bool isTime) => value switch
    {
        null => "",
        DateTime day when day.TimeOfDay == TimeSpan.Zero && !isTime => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        DateTime instant => instant.ToString("yyyy-MM-dd'T'HH:mm:ss.FFF", CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    // The library throws many types for a bad file; each of them means that the file is bad.
    private T TranslateFailures<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception failure) when (failure is ExcelReaderException or InvalidDataException or System.Xml.XmlException
            or FormatException or InvalidOperationException or NullReferenceException or ArgumentException or OverflowException)
        {
            throw RoomClientReasons.RefuseData(
                $"{path} is not a valid Excel workbook: {failure.Message}", "unpack an archive of other files first");
        }
    }
}
