using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Unicode;
using Sylvan.Data.Csv;

namespace Guardian.CleanRoom.Client;

/// <summary>How far preparing is.</summary>
public readonly record struct PreparationProgress(int Rows, long BytesRead, long FileSize);

/// <summary>
/// Prepares a partner's CSV file on the partner's own machine: checks it against the contract, normalises and tags identifiers, codes the
/// cells, sorts. Holds the data set in memory: some 60 bytes a row, and 4 for each column.
/// </summary>
public sealed class DataSetPreparer(DataSet dataSet, RoomLayout layout)
{
    // Enough to see what is wrong with a file.
    private const int MaxProblems = 20;

    private const int ProgressRows = 10_000;

    private readonly IdentifierNormaliser normaliser = new(dataSet.Identifier);
    private readonly List<string> problems = [];
    private readonly List<Tag> tags = [];
    private readonly List<uint> codes = [];
    private int rows;
    private int empty;
    private int invalid;

    /// <summary>Prepares a file; one ending in <c>.gz</c> is unpacked on the way.</summary>
    /// <param name="matchKey">32 bytes, from the room.</param>
    /// <exception cref="PreparationException">The file does not fit the contract; its problems are listed by row and column.</exception>
    public PreparedDataSet Prepare(string path, byte[] matchKey, IProgress<PreparationProgress>? progress = null, CancellationToken cancellation = default)
    {
        try
        {
            using var file = File.OpenRead(path);
            using var bytes = Unpack(path, file);
            using var text = new StreamReader(bytes, new UTF8Encoding(false, throwOnInvalidBytes: true));
            using var reader = CsvDataReader.Create(text);
            var (identifier, columns, ignored) = MapColumns(path, reader);
            while (reader.Read() && problems.Count < MaxProblems)
            {
                cancellation.ThrowIfCancellationRequested();
                rows++;
                ReadRow(reader, identifier, columns, matchKey);
                if (rows % ProgressRows == 0)
                {
                    progress?.Report(new PreparationProgress(rows, file.Position, file.Length));
                }
            }
            progress?.Report(new PreparationProgress(rows, file.Length, file.Length));
            return Complete(path, ignored);
        }
        catch (DecoderFallbackException)
        {
            throw new PreparationException($"{path} is not UTF-8", [$"line {FindInvalidLine(path)} has bytes that are no UTF-8; save the file as UTF-8"]);
        }
        catch (CsvMissingHeadersException)
        {
            throw new PreparationException($"{path} is empty; it needs a header and a row for each person");
        }
        catch (CsvRecordTooLargeException)
        {
            throw new PreparationException($"{path} is no CSV file as it should be", [$"row {rows + 2} is too large; is a closing quote missing?"]);
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

    private void ReadRow(CsvDataReader reader, int identifier, int[] columns, byte[] matchKey)
    {
        if (reader.RowFieldCount != reader.FieldCount)
        {
            Report("", $"{reader.RowFieldCount} cells instead of {reader.FieldCount}");
            return;
        }
        var text = reader.GetFieldSpan(identifier);
        Span<char> buffer = text.Length <= 512 ? stackalloc char[512] : new char[IdentifierNormaliser.BufferSize(text.Length)];
        var length = normaliser.Normalise(text, buffer);
        if (length <= 0)
        {
            empty += length == 0 ? 1 : 0;
            invalid += length == 0 ? 0 : 1;
            return;
        }
        tags.Add(Identifiers.Tag(matchKey, dataSet.Identifier.Kind, buffer[..length]));
        for (var i = 0; i < columns.Length; i++)
        {
            codes.Add(ReadCode(dataSet.Columns[i], reader.GetFieldSpan(columns[i])));
        }
    }

    private uint ReadCode(Column column, ReadOnlySpan<char> text)
    {
        if (text.Trim().IsEmpty)
        {
            return 0;
        }
        if (CellText.TryRead(column, text, out var value, out var problem))
        {
            return (uint)(value - column.Minimum + 1);
        }
        Report($", column '{column.Name}'", problem!);
        return 0;
    }

    // Rows are counted as a spreadsheet shows them: the header is row 1.
    private void Report(string where, string what)
    {
        if (problems.Count < MaxProblems)
        {
            problems.Add($"row {rows + 1}{where}: {what}");
        }
    }

    private (int Identifier, int[] Columns, List<string> Ignored) MapColumns(string path, CsvDataReader reader)
    {
        var header = Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetName(i).Trim()).ToList();
        int Find(string name)
        {
            var found = header.IndexOf(name);
            if (found < 0)
            {
                problems.Add($"column '{name}' is missing");
            }
            else if (header.LastIndexOf(name) != found)
            {
                problems.Add($"column '{name}' stands twice");
            }
            return found;
        }
        var identifier = Find(dataSet.Identifier.Column);
        var columns = dataSet.Columns.Select(column => Find(column.Name)).ToArray();
        return problems.Count == 0
            ? (identifier, columns, [.. header.Where((_, i) => i != identifier && !columns.Contains(i))])
            : throw new PreparationException($"{path} does not have the columns that the contract names; it has {string.Join(", ", header)}", problems);
    }

    private PreparedDataSet Complete(string path, List<string> ignored)
    {
        if (problems.Count > 0)
        {
            throw new PreparationException($"{path} does not fit the contract", problems);
        }
        var (sorted, order) = (tags.ToArray(), Enumerable.Range(0, tags.Count).ToArray());
        Array.Sort(sorted, order);
        var kept = KeepFirst(sorted, order);
        if (kept > dataSet.MaxRows)
        {
            throw new PreparationException($"{path} has {kept} persons; the contract allows {dataSet.MaxRows} in '{dataSet.Name}'");
        }
        if (kept == 0)
        {
            throw new PreparationException($"{path} has no row with an identifier");
        }
        var report = new PreparationReport(rows, kept, empty, invalid, tags.Count - kept, ignored);
        return new PreparedDataSet(layout, dataSet, sorted[..kept], order[..kept], [.. codes], report);
    }

    // Of tags with the same high word, which stand together now, the row that came first in the file. Different persons share a high word once in 2^64 pairs.
    private static int KeepFirst(Tag[] sorted, int[] order)
    {
        var kept = 0;
        for (var i = 0; i < sorted.Length; i++)
        {
            if (kept > 0 && sorted[kept - 1].High == sorted[i].High)
            {
                (sorted[kept - 1], order[kept - 1]) = order[i] < order[kept - 1] ? (sorted[i], order[i]) : (sorted[kept - 1], order[kept - 1]);
            }
            else
            {
                (sorted[kept], order[kept]) = (sorted[i], order[i]);
                kept++;
            }
        }
        return kept;
    }

    private static Stream Unpack(string path, FileStream file) =>
        path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;

    private static int FindInvalidLine(string path)
    {
        using var file = File.OpenRead(path);
        using var bytes = Unpack(path, file);
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
