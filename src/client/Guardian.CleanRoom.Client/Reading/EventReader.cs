using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Client.Sorting;
using Guardian.CleanRoom.Contract;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client.Reading;

/// <summary>Reads rows that are events: what each adds to the columns that are made from events. Not thread-safe.</summary>
internal sealed class EventReader : IRowReader
{
    private readonly EventRules rules;
    private readonly ZoneClock clock;
    private readonly FileCell cells;
    private readonly FoldedColumn[] folded;

    /// <exception cref="RefusedException">This machine does not know the time zone.</exception>
    public EventReader(DataSet dataSet)
    {
        rules = dataSet.Events!;
        clock = new ZoneClock(rules.Zone, dataSet.File.Dates);
        cells = new FileCell(dataSet.File);
        var folds = dataSet.Columns.Select(column => column.Fold!).ToList();
        Names =
        [
            .. folds.SelectMany(fold => fold.Where.Select(filter => filter.Column).Append(fold.Of)).OfType<string>()
                .Prepend(rules.Time).Distinct(),
        ];
        folded =
        [
            .. dataSet.Columns.Select(column => new FoldedColumn(
                column.Fold!,
                // The column's own bounds hold for the folded value, not for a cell.
                column with { Minimum = -CellText.GreatestNumber, Maximum = CellText.GreatestNumber },
                column.Fold!.Of is { } of ? Find(of) : -1,
                [.. column.Fold.Where.Select(filter => (Find(filter.Column), filter.Values))])),
        ];
    }

    public IReadOnlyList<string> Names { get; }

    /// <summary>The number of events so far that no column counts.</summary>
    public int Uncounted { get; private set; }

    public void Read(IRows file, int number, ReadOnlySpan<int> columns, Span<byte> row, Action<string, string> report)
    {
        if (clock.FindProblem(file.Cell(columns[0]), out var instant, out var day) is { } problem)
        {
            report(rules.Time, problem);
            return;
        }
        var (counts, isDayed) = (false, false);
        for (var i = 0; i < folded.Length; i++)
        {
            var column = folded[i];
            var state = EventFold.None(column.Fold.Kind);
            if (instant >= column.Fold.From.UtcTicks && instant < column.Fold.To.UtcTicks && IsWanted(file, columns, column))
            {
                counts = true;
                isDayed |= column.Fold.Kind == FoldKind.Days;
                state = column.Fold.Kind switch
                {
                    FoldKind.First or FoldKind.Last => day,
                    FoldKind.Sum or FoldKind.Same => ReadState(file, columns, column, report),
                    _ => 1,
                };
            }
            EventFold.WriteState(row, i, state);
        }
        // The day matters only where days are counted. Elsewhere all events of a person join into one row, which saves memory.
        EventFold.WriteDay(row, isDayed ? day : 0);
        Uncounted += counts ? 0 : 1;
    }

    private static bool IsWanted(IRows file, ReadOnlySpan<int> columns, FoldedColumn column)
    {
        foreach (var (filtered, values) in column.Where)
        {
            var cell = file.Cell(columns[filtered]).Trim();
            cell = CanonicalText.IsSurelyComposed(cell) ? cell : CanonicalText.Compose(cell.ToString());
            var isOne = false;
            foreach (var value in values)
            {
                isOne |= cell.SequenceEqual(value);
            }
            if (!isOne)
            {
                return false;
            }
        }
        return true;
    }

    // An empty cell adds nothing, and agrees with any other.
    private long ReadState(IRows file, ReadOnlySpan<int> columns, FoldedColumn column, Action<string, string> report)
    {
        var text = file.Cell(columns[column.Of]);
        if (cells.IsEmpty(text))
        {
            return 0;
        }
        if (!cells.TryRead(column.Cells, text, out var read, out var problem))
        {
            report(column.Fold.Of!, problem!);
            return 0;
        }
        if (read is not { } value)
        {
            return 0;
        }
        return column.Fold.Kind == FoldKind.Same ? value + 1
            : column.Fold.EventCap is { } cap ? Math.Clamp(value, -cap, cap)
            : value;
    }

    private int Find(string name) => Names.Index().First(each => each.Item == name).Index;

    private sealed record FoldedColumn(
        Fold Fold, Column Cells, int Of, IReadOnlyList<(int Column, IReadOnlyList<string> Values)> Where);
}
