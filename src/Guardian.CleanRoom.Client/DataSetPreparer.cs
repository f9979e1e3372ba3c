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
    private readonly RoomLayout layout;
    private readonly RowFormat format;
    private readonly long memory;
    private readonly List<string> problems = [];
    private readonly byte[] row;
    private readonly char[] buffer = new char[RowIdentifier.BufferSize];
    private int rows;
    private int empty;
    private int invalid;

    /// <param name="memory">Bytes of rows that stay in memory.</param>
    public DataSetPreparer(DataSet dataSet, RoomLayout layout, long memory = DefaultMemory)
    {
        ArgumentNullException.ThrowIfNull(dataSet);
        ArgumentNullException.ThrowIfNull(layout);
        this.dataSet = dataSet;
        this.layout = layout;
        format = new RowFormat(layout, dataSet);
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
    /// <param name="matchKey">32 bytes, from the room.</param>
    /// <exception cref="PreparationException">The file does not fit the contract; its problems are listed by row and column.</exception>
    public PreparedDataSet Prepare(string path, byte[] matchKey, IProgress<PreparationProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        var spill = new RowSpill(format.RowSize, format.PartitionCount, memory, dataSet.Events is null ? null : new EventFold(dataSet, format).Compact);
        try
        {
            return PrepareCore(path, matchKey, spill, progress, cancellation);
        }
        catch
        {
            spill.Dispose();
            throw;
        }
    }

    private PreparedDataSet PrepareCore(string path, byte[] matchKey, RowSpill spill, IProgress<PreparationProgress>? progress, CancellationToken cancellation)
    {
        var size = new FileInfo(path).Length;
        using IRows file = path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase) ? new ParquetRows(path, dataSet.Events?.Time) : new CsvRows(path);
        var events = dataSet.Events is null ? null : new EventReader(dataSet);
        var reader = events ?? (IRowReader)new PersonReader(dataSet, format);
        var (identifierColumns, columns, ignored) = MapColumns(path, file.Header, reader.Names);
        var identifier = new RowIdentifier(dataSet.Identifier, identifierColumns, file.Cell);
        void Report(string column, string what) => this.Report(file, $", column '{column}'", what);
        var tagger = new RowTagger(matchKey, dataSet.Identifier.Kind, format, spill);
        while (problems.Count < MaxProblems && file.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            if (TryNormalise(file, identifier, out var normalised))
            {
                reader.Read(file, rows, columns, row, Report);
                tagger.Add(normalised, row);
            }
            rows++;
            if (rows % ProgressRows == 0)
            {
                progress?.Report(new PreparationProgress(rows, file.Position, size));
            }
        }
        tagger.Complete();
        if (problems.Count > 0)
        {
            throw new PreparationException($"{path} does not fit the contract", problems);
        }
        progress?.Report(new PreparationProgress(rows, size, size));
        return Complete(path, spill, ignored, events?.Uncounted ?? 0);
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
            problems.Add($"row {file.FirstRow + rows}{where}: {what}");
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
        var prepared = new PreparedDataSet(layout, dataSet, format, spill, new PreparationReport(rows, 0, empty, invalid, 0, ignored) { Uncounted = uncounted });
        return prepared.Report.Persons > dataSet.MaxRows
            ? throw new PreparationException($"{path} has {prepared.Report.Persons} persons; the contract allows {dataSet.MaxRows} in '{dataSet.Name}'")
            : prepared.Report.Persons == 0
                ? throw new PreparationException($"{path} has no row with an identifier")
                : prepared;
    }
}
