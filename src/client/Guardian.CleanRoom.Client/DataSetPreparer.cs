using System.Globalization;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Client.Normalisation;
using Guardian.CleanRoom.Client.Reading;
using Guardian.CleanRoom.Client.Reasons;
using Guardian.CleanRoom.Client.Sorting;
using Guardian.CleanRoom.Client.Tagging;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client;

/// <summary>The progress of a preparation.</summary>
/// <param name="Rows">Rows read so far.</param>
/// <param name="BytesRead">Bytes of the file read so far, as they are stored: before a <c>.gz</c> file is unpacked.</param>
/// <param name="FileSize">Bytes of the file.</param>
public readonly record struct PreparationProgress(int Rows, long BytesRead, long FileSize);

/// <summary>
/// Prepares a partner's file on the partner's own machine: checks it against the contract, normalises and tags identifiers, codes the
/// cells, folds events, sorts. Reads the file once, from start to end. Rows that exceed the memory it may use spill to an anonymous
/// temporary file. Each instance prepares one data set, once; it is not thread-safe.
/// </summary>
public sealed class DataSetPreparer
{
    /// <summary>The default bytes of rows that stay in memory; a row takes about 30 bytes.</summary>
    public const long DefaultMemory = 512L * 1024 * 1024;

    // Enough to see a file's mistakes.
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
    private int nobodys;
    private int blank;
    private int structural;
    private int hashed;
    private readonly Dictionary<string, int> invalidCells = [];

    /// <summary>Creates a preparer for one file.</summary>
    /// <param name="dataSet">The data set, from the contract.</param>
    /// <param name="layout">The layout of the contract's room.</param>
    /// <param name="memory">Bytes of rows that stay in memory; 0 or more.</param>
    /// <param name="form">The form of the upload.</param>
    public DataSetPreparer(DataSet dataSet, RoomLayout layout, long memory = DefaultMemory, UploadForm form = UploadForm.Sorted)
    {
        ArgumentNullException.ThrowIfNull(dataSet);
        ArgumentNullException.ThrowIfNull(layout);
        this.dataSet = dataSet;
        this.layout = layout;
        this.form = form;
        content = dataSet.Keyed().InForm(form);
        format = new RowFormat(layout, content, form);
        this.memory = memory;
        row = new byte[format.RowSize];
    }

    /// <summary>Checks that this machine knows the time zones that a contract names.</summary>
    /// <param name="contract">The contract.</param>
    /// <exception cref="RefusedException"><see cref="RoomClientReasons.BadData"/>: the machine does not know a zone.</exception>
    public static void RequireZones(RoomContract contract)
    {
        ArgumentNullException.ThrowIfNull(contract);
        foreach (var dataSet in contract.DataSets)
        {
            _ = dataSet.Events is { } events ? new ZoneClock(events.Zone, dataSet.File.Dates) : null;
        }
    }

    /// <summary>Prepares a file.</summary>
    /// <param name="path">The file: CSV with a header in UTF-8, packed with gzip or not, Parquet, or an Excel workbook, as its content
    /// shows; <c>-</c> for CSV on standard input. Null for changes that only remove persons.</param>
    /// <param name="matchKey">The room's match key, 32 bytes.</param>
    /// <param name="progress">Receives the progress every 10,000 rows and at the end; null for nobody.</param>
    /// <param name="removals">For changes: a file with the identifiers of the persons to remove; null for none.</param>
    /// <param name="cancellation">Stops the preparation.</param>
    /// <returns>The prepared data set; the caller disposes it.</returns>
    /// <exception cref="RefusedException"><see cref="RoomClientReasons.BadData"/>: a file does not fit the contract. The refusal lists up
    /// to 20 problems by row and column.</exception>
    /// <exception cref="IOException">A file cannot be opened or read.</exception>
    public PreparedDataSet Prepare(
        string? path, byte[] matchKey, IProgress<PreparationProgress>? progress = null, string? removals = null,
        CancellationToken cancellation = default)
    {
        if (form == UploadForm.Unsorted && dataSet.Events is not null)
        {
            throw RoomClientReasons.RefuseData(
                $"'{dataSet.Name}' is made of events, and folding them sorts them; upload it without --unsorted");
        }
        if (form == UploadForm.Changes && dataSet.MaxChanges is null)
        {
            throw RoomClientReasons.RefuseData($"the contract has no 'max_changes' for '{dataSet.Name}'; upload all persons");
        }
        var compact = dataSet.Events is null ? (Func<Memory<byte>, int>?)null : new EventFold(dataSet, format).Compact;
        var spill = new RowSpill(format.RowSize, format.PartitionCount, memory, compact);
        try
        {
            var tagger = new RowTagger(matchKey, dataSet.Identifier.Kind, format, spill);
            var events = dataSet.Events is null ? null : new EventReader(dataSet);
            var reader = events ?? (IRowReader)new PersonReader(dataSet, format, form);
            var several = dataSet.Identifiers.Count > 1 ? new SeveralIdentifiers(dataSet, matchKey, format, tagger) : null;
            var ignored = path is null ? [] : ReadFile(path, reader, tagger, several, progress, cancellation);
            if (removals is not null)
            {
                rowsBefore = rows;
                ReadFile(removals, new RemovalReader(dataSet, format), tagger, null, progress, cancellation);
            }
            tagger.Complete();
            return Complete(path ?? removals!, spill, ignored, events?.Uncounted ?? 0, several);
        }
        catch
        {
            spill.Dispose();
            throw;
        }
    }

    // Returns the names of columns that the contract does not name.
    private List<string> ReadFile(
        string path, IRowReader reader, RowTagger tagger, SeveralIdentifiers? several, IProgress<PreparationProgress>? progress,
        CancellationToken cancellation)
    {
        var size = RowFile.SizeOf(path);
        using var file = RowFile.Open(path, dataSet.Events?.Time);
        var (identifierColumns, columns, ignored) = MapColumns(path, file.Header, reader.Names);
        var identifier = new RowIdentifier(dataSet.Identifier, identifierColumns[..dataSet.Identifier.Columns.Count], file.Cell);
        several?.Open(identifierColumns, file.Cell);
        void ReportCell(string column, string problem)
        {
            invalidCells[column] = invalidCells.GetValueOrDefault(column) + 1;
            Report(file, $", column '{column}'", problem);
        }
        while ((problems.Count < MaxProblems || dataSet.File.InvalidCells > 0) && file.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            if (file.IsBlank)
            {
                blank++;
            }
            else if (TryNormalise(file, identifier, several, out var normalised))
            {
                reader.Read(file, rows, columns, row, ReportCell);
                Add(normalised, several, tagger);
                RequireSpace(path);
            }
            rows++;
            if (rows % ProgressRows == 0)
            {
                progress?.Report(new PreparationProgress(rows, file.Position, size));
            }
        }
        several?.Complete();
        kept = several?.Kept ?? kept;
        RequireSpace(path);
        RequireFewProblems(path);
        progress?.Report(new PreparationProgress(rows, size, size));
        return ignored;
    }

    private void Add(ReadOnlySpan<char> normalised, SeveralIdentifiers? several, RowTagger tagger)
    {
        if (several is null)
        {
            kept++;
            tagger.Add(normalised, row);
        }
        else
        {
            several.Add(row);
            kept = several.Kept;
        }
    }

    // The persons of sorted rows can be counted only after sorting.
    private void RequireSpace(string path)
    {
        if (kept > content.MaxRows && form == UploadForm.Unsorted)
        {
            throw RoomClientReasons.RefuseData(
                $"{path} has more than {content.MaxRows} rows with an identifier, and the contract allows no more in '{dataSet.Name}'");
        }
    }

    // The problems of cells are forgiven when each column has few of them; others never.
    private void RequireFewProblems(string path)
    {
        var most = dataSet.File.InvalidCells * (rows - rowsBefore - blank);
        var worst = invalidCells.Where(column => column.Value > most).ToList();
        if (problems.Count == 0 || (worst.Count == 0 && structural == 0))
        {
            problems.Clear();
            return;
        }
        var shares = dataSet.File.InvalidCells == 0 ? [] : worst.Select(column => string.Create(
            CultureInfo.InvariantCulture, $"column '{column.Key}': {column.Value} invalid cells; the contract allows {Math.Floor(most)}"));
        throw RoomClientReasons.RefuseData($"{path} does not fit the contract", [.. shares, .. problems]);
    }

    private bool TryNormalise(IRows file, RowIdentifier identifier, SeveralIdentifiers? several, out ReadOnlySpan<char> normalised)
    {
        normalised = default;
        if (file.CellCount != file.Header.Count)
        {
            structural++;
            Report(file, "", $"{file.CellCount} cells instead of {file.Header.Count}");
            return false;
        }
        var length = several?.Read() ?? identifier.Read(buffer);
        hashed += several?.LooksHashed ?? identifier.LooksHashed ? 1 : 0;
        empty += length == 0 ? 1 : 0;
        invalid += length == -1 ? 1 : 0;
        nobodys += length == Nobody.Length ? 1 : 0;
        normalised = buffer.AsSpan(0, several is null ? Math.Max(length, 0) : 0);
        return length > 0;
    }

    private void Report(IRows file, string place, string problem)
    {
        if (problems.Count < MaxProblems)
        {
            problems.Add($"row {file.FirstRow + rows - rowsBefore}{place}: {problem}");
        }
    }

    private (int[] Identifier, int[] Columns, List<string> Ignored) MapColumns(
        string path, IReadOnlyList<string> columnNames, IReadOnlyList<string> wanted)
    {
        var header = columnNames.ToList();
        int Find(string name)
        {
            name = CanonicalText.Compose(name);
            // A header in another case counts if there is just one.
            var alike = header.Contains(name) ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
            var found = header.FindIndex(each => each.Equals(name, alike));
            if (found < 0)
            {
                problems.Add($"column '{name}' is missing");
            }
            else if (header.FindLastIndex(each => each.Equals(name, alike)) != found)
            {
                problems.Add($"column '{name}' stands twice");
            }
            return found;
        }
        var identifier = dataSet.Identifiers.SelectMany(each => each.Columns).Select(Find).ToArray();
        var columns = wanted.Select(Find).ToArray();
        return problems.Count == 0
            ? (identifier, columns, [.. header.Where((name, i) => name.Length > 0 && !identifier.Contains(i) && !columns.Contains(i))])
            : throw RoomClientReasons.RefuseData(
                $"{path} does not have the columns that the contract names; it has {string.Join(", ", header)}", problems);
    }

    private PreparedDataSet Complete(string path, RowSpill spill, List<string> ignored, int uncounted, SeveralIdentifiers? several)
    {
        var report = new PreparationReport(rows - blank, 0, empty, invalid, several?.Repeated ?? 0, ignored)
        {
            SharedIdentifiers = several?.Shared ?? 0,
            Uncounted = uncounted,
            Nobodys = nobodys,
            Hashed = hashed,
            InvalidCells = invalidCells.Values.Sum(),
        };
        var prepared = new PreparedDataSet(layout, content, format, spill, report, form);
        var persons = prepared.Report.Persons;
        return persons > content.MaxRows
            ? throw RoomClientReasons.RefuseData(
                $"{path} has {persons} persons; the contract allows {content.MaxRows} in '{content.Name}'")
            : persons == 0
                ? throw RoomClientReasons.RefuseData($"{path} has no row with an identifier", ExplainNone())
                : prepared;
    }

    private string ExplainNone() =>
        $"'guardian room diagnose' explains its identifiers: {rows - blank} rows, {empty} of them without, {nobodys} of nobody, "
        + $"{invalid} that are no {dataSet.Identifier.Kind.ToString().ToLowerInvariant()}"
        + (hashed > 0 ? "; these are hashes, so the contract needs 'form: sha256'" : "");
}
