using Guardian.CleanRoom.Client.Reasons;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client.Reading;

/// <summary>Opens a partner's file in the format that its content shows: Parquet, an Excel workbook, CSV, or CSV packed with gzip.
/// </summary>
internal static class RowFile
{
    // Else a packed file that was cut off ends at the cut without a word, and the rest of its rows is missing.
    static RowFile() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);

    /// <summary>The path that stands for standard input.</summary>
    public const string StandardInput = "-";

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file, or <c>-</c> for standard input, which must be CSV.</param>
    /// <param name="timeColumn">The column whose timestamps are points in time; null for none.</param>
    /// <returns>The rows; the caller disposes them.</returns>
    /// <exception cref="RefusedException"><see cref="RoomClientReasons.BadData"/>: the content has no such format.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public static IRows Open(string path, string? timeColumn = null)
    {
        if (path == StandardInput)
        {
            return new CsvRows("standard input", Console.OpenStandardInput());
        }
        var file = File.OpenRead(path);
        if (!file.CanSeek)
        {
            return new CsvRows(path, file);
        }
        try
        {
            var peeked = new PeekedStream(file);
            file.Position = 0;
            return peeked.IsParquet ? new ParquetRows(path, file, timeColumn)
                : peeked.IsZip ? new ExcelRows(path, file, timeColumn)
                : new CsvRows(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The size of a file in bytes; 0 when it has none to know before it is read.</summary>
    public static long SizeOf(string path) => path == StandardInput ? 0 : new FileInfo(path).Length;
}
