using Guardian.CleanRoom.Client.Events;
using Guardian.CleanRoom.Client.Normalisation;
using Guardian.CleanRoom.Client.Reading;
using Guardian.CleanRoom.Client.Sorting;
using Guardian.CleanRoom.Client.Tagging;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;

namespace Guardian.CleanRoom.Client;

/// <summary>How far preparing is.</summary>
public readonly record struct PreparationProgress(int Rows, long BytesRead, long FileSize);

/// <summary>
/// Prepares a partner's file on the partner's own machine: checks it against the contract, normalises and tags identifiers, codes the
/// cells, folds events, sorts. Reads the file once, from start to end; what does not fit in the memory it may use goes to a temporary file. Used once.
/// </summary>
public sealed class DataSetPreparer
{
    /// <summary>Bytes of rows that stay in memory unless told otherwise; 30 bytes or so a row.</summary>
    public const long DefaultMemory = 512L * 1024 * 1024;

    // Enough to see what is wrong with a file.
    private const int MaxProblems = 20;

    private const int ProgressRows = 10_000;

    private readonly DataSet dataSet;
    private readonly DataSet content;
    private readonly UploadForm form;
    private readonly RoomLayout layout;
    private readonly RowFormat format;
    private readonly long memory;
    private readonly List<string> problems = [];
    private readonly byte[] row;
    private readonly char[] buffer = new char[RowIdentifier.BufferSize];
    private int rows;
    private int rowsBefore;
    private int kept;
    private int empty;
    private int invalid;

    /// <param name="memory">Bytes of rows that stay in memory.</param>
    /// <param name="form">What is to be uploaded.</param>
    public DataSetPreparer(DataSet dataSet, RoomLayout layout, long memory = DefaultMemory, UploadForm form = UploadForm.Sorted)
    {
        ArgumentNullException.ThrowIfNull(dataSet);
        ArgumentNullException.ThrowIfNull(layout);
        this.dataSet = dataSet;
        this.layout = layout;
        this.form = form;
        content = dataSet.InForm(form);
        format = new RowFormat(layout, content, form);
        this.memory = memory;
        row = new byte[format.RowSize];
    }

    /// <summary>Checks that this machine knows the time zones that a contract names.</summary>
    /// <exception cref="PreparationException">It does not know one.</exception>
    public static void RequireZones(RoomContract contract)
    {
        ArgumentNullException.ThrowIfNull(contract);
        foreach (var dataSet in contract.DataSets)
        {
            _ = dataSet.Events is { } events ? new ZoneClock(events.Zone) : null;
        }
    }

    /// <summary>Prepares a file: Parquet when its name ends in <c>.parquet</c>, else CSV; one ending in <c>.gz</c> is unpacked on the way.</summary>
    /// <param name="path">Null for changes that remove persons alone.</param>
    /// <param name="matchKey">32 bytes, from the room.</param>
    /// <param name="removals">For changes: a file of the identifiers of persons to remove; null for none.</param>
    /// <exception cref="PreparationException">A file does not fit the contract; its problems are listed by row and column.</exception>
    public PreparedDataSet Prepare(
        string? path, byte[] matchKey, IProgress<PreparationProgress>? progress = null, string? removals = null, CancellationToken cancellation = default)
    {
        if (form == UploadForm.Unsorted && dataSet.Events is not null)
        {
            throw new PreparationException($"'{dataSet.Name}' is made of events, and folding them sorts them; upload it without --unsorted");
        }
        if (form == UploadForm.Changes && dataSet.MaxChanges is null)
        {
            throw new PreparationException($"the contract has no 'max_changes' for '{dataSet.Name}'; upload all persons");
        }
        var spill = new RowSpill(format.RowSize, format.PartitionCount, memory, dataSet.Events is null ? null : new EventFold(dataSet, format).Compact);
        try
        {
            var tagger = new RowTagger(matchKey, dataSet.Identifier.Kind, format, spill);
            var events = dataSet.Events is null ? null : new EventReader(dataSet);
            var ignored = path is null ? [] : ReadFile(path, events ?? (IRowReader)new PersonReader(dataSet, format, form), tagger, progress, cancellation);
            if (removals is not null)
            {
                rowsBefore = rows;
                ReadFile(removals, new RemovalReader(dataSet, format), tagger, progress, cancellation);
            }
            tagger.Complete();
            return Complete(path ?? removals!, spill, ignored, events?.Uncounted ?? 0);
        }
        catch
        {
            spill.Dispose();
            throw;
        }
    }

    // Gives the names of columns that nobody asked for.
    private List<string> ReadFile(string path, IRowReader reader, RowTagger tagger, IProgress<PreparationProgress>? progress, CancellationToken cancellation)
    {
        var size = new FileInfo(path).Length;
        using IRows file = path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase) ? new ParquetRows(path, dataSet.Events?.Time) : new CsvRows(path);
        var (identifierColumns, columns, ignored) = MapColumns(path, file.Header, reader.Names);
        var identifier = new RowIdentifier(dataSet.Identifier, identifierColumns, file.Cell);
        void Report(string column, string what) => this.Report(file, $", column '{column}'", what);
        while (problems.Count < MaxProblems && file.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            if (TryNormalise(file, identifier, out var normalised))
            {
                reader.Read(file, rows, columns, row, Report);
                // Sorted rows are counted when it is known how many are of the same person.
                if (++kept > content.MaxRows && form == UploadForm.Unsorted)
                {
                    throw new PreparationException($"{path} has more than {content.MaxRows} rows with an identifier, and the contract allows no more in '{dataSet.Name}'");
                }
                tagger.Add(normalised, row);
            }
            rows++;
            if (rows % ProgressRows == 0)
            {
                progress?.Report(new PreparationProgress(rows, file.Position, size));
            }
        }
        if (problems.Count > 0)
        {
            throw new PreparationException($"{path} does not fit the contract", problems);
        }
        progress?.Report(new PreparationProgress(rows, size, size));
        return ignored;
    }

    private bool TryNormalise(IRows file, RowIdentifier identifier, out ReadOnlySpan<char> normalised)
    {
        normalised = default;
        if (file.CellCount != file.Header.Count)
        {
            Report(file, "", $"{file.CellCount} cells instead of {file.Header.Count}");
            return false;
        }
        var length = identifier.Read(buffer);
        empty += length == 0 ? 1 : 0;
        invalid += length < 0 ? 1 : 0;
        normalised = buffer.AsSpan(0, Math.Max(length, 0));
        return length > 0;
    }

    private void Report(IRows file, string where, string what)
    {
        if (problems.Count < MaxProblems)
        {
            problems.Add($"row {file.FirstRow + rows - rowsBefore}{where}: {what}");
        }
    }

    private (int[] Identifier, int[] Columns, List<string> Ignored) MapColumns(string path, IReadOnlyList<string> columnNames, IReadOnlyList<string> wanted)
    {
        var header = columnNames.ToList();
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
        var identifier = dataSet.Identifier.Columns.Select(Find).ToArray();
        var columns = wanted.Select(Find).ToArray();
        return problems.Count == 0
            ? (identifier, columns, [.. header.Where((_, i) => !identifier.Contains(i) && !columns.Contains(i))])
            : throw new PreparationException($"{path} does not have the columns that the contract names; it has {string.Join(", ", header)}", problems);
    }

    private PreparedDataSet Complete(string path, RowSpill spill, List<string> ignored, int uncounted)
    {
        var prepared = new PreparedDataSet(layout, content, format, spill, new PreparationReport(rows, 0, empty, invalid, 0, ignored) { Uncounted = uncounted }, form);
        return prepared.Report.Persons > content.MaxRows
            ? throw new PreparationException($"{path} has {prepared.Report.Persons} persons; the contract allows {content.MaxRows} in '{content.Name}'")
            : prepared.Report.Persons == 0
                ? throw new PreparationException($"{path} has no row with an identifier")
                : prepared;
    }
}
