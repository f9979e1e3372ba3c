namespace Guardian.CleanRoom.Client;

/// <summary>How far preparing is.</summary>
public readonly record struct PreparationProgress(int Rows, long BytesRead, long FileSize);

/// <summary>
/// Prepares a partner's file on the partner's own machine: checks it against the contract, normalises and tags identifiers, codes the
/// cells, sorts. Reads the file once, from start to end; what does not fit in the memory it may use goes to a temporary file. Used once.
/// </summary>
public sealed class DataSetPreparer
{
    /// <summary>Bytes of rows that stay in memory unless told otherwise; 30 bytes or so a row.</summary>
    public const long DefaultMemory = 512L * 1024 * 1024;

    // Enough to see what is wrong with a file.
    private const int MaxProblems = 20;

    private const int ProgressRows = 10_000;

    // A text that was read before need not be read again; most columns have few.
    private const int MaxKnownTexts = 4_096;

    private readonly DataSet dataSet;
    private readonly RoomLayout layout;
    private readonly RowFormat format;
    private readonly long memory;
    private readonly List<string> problems = [];
    private readonly Dictionary<string, uint>.AlternateLookup<ReadOnlySpan<char>>[] known;
    private readonly uint[] codes;
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
        known = [.. dataSet.Columns.Select(_ => new Dictionary<string, uint>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>())];
        codes = new uint[dataSet.Columns.Count];
    }

    /// <summary>Prepares a file: Parquet when its name ends in <c>.parquet</c>, else CSV; one ending in <c>.gz</c> is unpacked on the way.</summary>
    /// <param name="matchKey">32 bytes, from the room.</param>
    /// <exception cref="PreparationException">The file does not fit the contract; its problems are listed by row and column.</exception>
    public PreparedDataSet Prepare(string path, byte[] matchKey, IProgress<PreparationProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        var spill = new RowSpill(format.RowSize, format.PartitionCount, memory);
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
        using IRows file = path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase) ? new ParquetRows(path) : new CsvRows(path);
        var (identifierColumns, columns, ignored) = MapColumns(path, file.Header);
        var identifier = new RowIdentifier(dataSet.Identifier, identifierColumns, file.Cell);
        var tagger = new RowTagger(matchKey, dataSet.Identifier.Kind, format, spill);
        while (problems.Count < MaxProblems && file.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            ReadRow(file, identifier, columns, tagger);
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
        return Complete(path, spill, ignored);
    }

    private void ReadRow(IRows file, RowIdentifier identifier, int[] columns, RowTagger tagger)
    {
        if (file.CellCount != file.Header.Count)
        {
            Report(file, "", $"{file.CellCount} cells instead of {file.Header.Count}");
            return;
        }
        Span<char> buffer = stackalloc char[RowIdentifier.BufferSize];
        var length = identifier.Read(buffer);
        if (length <= 0)
        {
            empty += length == 0 ? 1 : 0;
            invalid += length == 0 ? 0 : 1;
            return;
        }
        for (var i = 0; i < columns.Length; i++)
        {
            codes[i] = ReadCode(file, i, file.Cell(columns[i]));
        }
        tagger.Add(buffer[..length], rows, codes);
    }

    private uint ReadCode(IRows file, int index, ReadOnlySpan<char> text)
    {
        if (known[index].TryGetValue(text, out var code))
        {
            return code;
        }
        var column = dataSet.Columns[index];
        if (!text.Trim().IsEmpty)
        {
            if (!CellText.TryRead(column, text, out var value, out var problem))
            {
                Report(file, $", column '{column.Name}'", problem!);
                return 0;
            }
            code = (uint)(value - column.Minimum + 1);
        }
        if (known[index].Dictionary.Count < MaxKnownTexts)
        {
            known[index][text] = code;
        }
        return code;
    }

    private void Report(IRows file, string where, string what)
    {
        if (problems.Count < MaxProblems)
        {
            problems.Add($"row {file.FirstRow + rows}{where}: {what}");
        }
    }

    private (int[] Identifier, int[] Columns, List<string> Ignored) MapColumns(string path, IReadOnlyList<string> columnNames)
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
        var columns = dataSet.Columns.Select(column => Find(column.Name)).ToArray();
        return problems.Count == 0
            ? (identifier, columns, [.. header.Where((_, i) => !identifier.Contains(i) && !columns.Contains(i))])
            : throw new PreparationException($"{path} does not have the columns that the contract names; it has {string.Join(", ", header)}", problems);
    }

    private PreparedDataSet Complete(string path, RowSpill spill, List<string> ignored)
    {
        var prepared = new PreparedDataSet(layout, dataSet, format, spill, new PreparationReport(rows, 0, empty, invalid, 0, ignored));
        return prepared.Report.Persons > dataSet.MaxRows
            ? throw new PreparationException($"{path} has {prepared.Report.Persons} persons; the contract allows {dataSet.MaxRows} in '{dataSet.Name}'")
            : prepared.Report.Persons == 0
                ? throw new PreparationException($"{path} has no row with an identifier")
                : prepared;
    }
}
