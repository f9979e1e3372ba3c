using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Client.Reading;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Drafting;

/// <summary>Describes what the events of a person add up to. Reads the file once more.</summary>
internal sealed class EventProfile
{
    // The share of persons whose events may differ in a column that describes the person nevertheless.
    private const double MostMixed = 0.05;

    private readonly List<(ColumnProfile Column, ColumnChoice Choice)> columns;
    private readonly Dictionary<long, State> persons = [];

    private EventProfile(FileProfile file, ColumnProfile time)
    {
        (File, Time) = (file, time);
        columns = [.. file.Others.Where(column => column != time).Select(column => (column, ColumnChoice.Of(column, file)))];
    }

    public FileProfile File { get; }

    /// <summary>The column with the time of an event.</summary>
    public ColumnProfile Time { get; }

    public IReadOnlyList<(ColumnProfile Column, ColumnChoice Choice)> Columns => columns;

    /// <summary>The most events of a person.</summary>
    public int MostEvents => persons.Values.Max(person => person.Events);

    /// <summary>Describes a file that has several rows for a person, and their times; null for another.</summary>
    public static EventProfile? Read(string path, FileProfile file, CancellationToken cancellation)
    {
        var days = file.Others.Where(column => column.IsDayIn(file.DateForm)).ToList();
        if (file.Identifiers.Count == 0 || file.Identified < 1.2 * file.Persons || days.Count == 0)
        {
            return null;
        }
        var time = days.FirstOrDefault(column => 2 * column.Clocks >= column.Cells)
            ?? days.Find(column => HeaderWords.Has(column.Header, "time", "date", "_at", "zeit", "datum", "day", "tag")) ?? days[0];
        var profile = new EventProfile(file, time);
        using var rows = RowFile.Open(path, time.Header);
        var keys = new PersonKeys(file.Identifiers, rows);
        var number = 0;
        while (rows.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            if (!rows.IsBlank && rows.CellCount == file.Headers.Count && keys.Read(number++) is { } person)
            {
                profile.Add(rows, person);
            }
        }
        return profile;
    }

    /// <summary>The totals of persons in a column of numbers.</summary>
    public NumberTally TotalsOf(ColumnProfile column)
    {
        var index = IndexOf(column);
        var totals = new NumberTally();
        foreach (var person in persons.Values)
        {
            totals.Add(person.Totals[index]);
        }
        return totals;
    }

    /// <summary>Whether nearly every person has one text in all events.</summary>
    public bool IsSame(ColumnProfile column)
    {
        var index = IndexOf(column);
        return persons.Values.Count(person => person.AreMixed[index]) <= MostMixed * persons.Count;
    }

    private int IndexOf(ColumnProfile column) => columns.FindIndex(each => each.Column == column);

    private void Add(IRows rows, long key)
    {
        if (!persons.TryGetValue(key, out var person))
        {
            persons[key] = person = new State(columns.Count);
        }
        person.Events++;
        var forms = File.Forms;
        for (var i = 0; i < columns.Count; i++)
        {
            var cell = rows.Cell(File.IndexOf(columns[i].Column)).Trim();
            if (columns[i].Choice.Numbers is not null)
            {
                person.Totals[i] += forms.TryReadNumber(File.NumberForm, cell, out var number) ? Math.Clamp(number, -Most, Most) : 0;
            }
            else if (columns[i].Choice.Kind is ColumnKind.Category or ColumnKind.Flag && !cell.IsEmpty)
            {
                var text = string.GetHashCode(CanonicalText.Compose(cell.ToString()), StringComparison.Ordinal);
                person.AreMixed[i] |= person.Texts[i] is { } known && known != text;
                person.Texts[i] = text;
            }
        }
    }

    // In millionths; the sum of a million events still fits.
    private const long Most = CellText.GreatestNumber * 5;

    private sealed class State(int columns)
    {
        public int Events { get; set; }

        public long[] Totals { get; } = new long[columns];

        public int?[] Texts { get; } = new int?[columns];

        public bool[] AreMixed { get; } = new bool[columns];
    }
}
