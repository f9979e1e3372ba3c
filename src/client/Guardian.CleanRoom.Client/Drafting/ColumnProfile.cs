using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Client.Normalisation;
using Guardian.CleanRoom.Client.Reading;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Drafting;

/// <summary>Describes a column of a file: every reading of its cells that is still possible. Not thread-safe.</summary>
/// <param name="header">The column's header.</param>
/// <param name="forms">Reads cells.</param>
/// <param name="problem">The reason why its cells cannot be read; null where they can.</param>
internal sealed class ColumnProfile(string header, CellForms forms, string? problem)
{
    private const int MostDigits = 12;
    private const int LongestAmount = 32;

    // A form that fits fewer than nine of ten cells after so many is tried no more.
    private const int Patience = 1_000;

    private readonly NumberTally plain = new();
    private readonly NumberTally[] numbers = [.. FileCell.NumberForms.Select(_ => new NumberTally())];
    private readonly (int Count, long First, long Last)[] days = [.. CellForms.Dates.Select(_ => (0, long.MaxValue, long.MinValue))];
    private int flags;

    public string Header => header;

    public string? Problem => problem;

    /// <summary>Cells that are not empty, and no word for empty.</summary>
    public int Cells { get; private set; }

    /// <summary>Words for an empty cell that the column has.</summary>
    public SortedSet<string> EmptyWords { get; } = new(StringComparer.Ordinal);

    /// <summary>Cells with a time of the clock.</summary>
    public int Clocks { get; private set; }

    /// <summary>Cells with a time and its distance from UTC.</summary>
    public int Offsets { get; private set; }

    /// <summary>The units and currencies that stand beside its numbers.</summary>
    public SortedSet<string> Units { get; } = new(StringComparer.Ordinal);

    public ValueTally Values { get; } = new();

    /// <summary>Cells that begin with a zero and another digit, as numbers that are names do.</summary>
    public int LeadingZeros { get; private set; }

    /// <summary>Adds a cell.</summary>
    public void Add(ReadOnlySpan<char> cell, long person)
    {
        cell = cell.Trim();
        if (cell.IsEmpty)
        {
            return;
        }
        if (Nobody.IsWord(cell, IdentifierKind.CustomerId))
        {
            EmptyWords.Add(cell.ToString().ToLowerInvariant());
            return;
        }
        Cells++;
        flags += forms.IsFlag(cell) ? 1 : 0;
        Values.Add(CanonicalText.IsSurelyComposed(cell) ? cell : CanonicalText.Compose(cell.ToString()), person);
        var isPlain = !cell.ContainsAnyExceptInRange('0', '9') && cell.Length <= MostDigits;
        if (!isPlain && cell.Length <= LongestAmount && Amount.Split(cell.ToString(), unit: null) is { } amount)
        {
            Units.Add(amount.Unit);
            cell = amount.Number;
        }
        LeadingZeros += isPlain && cell.Length > 1 && cell[0] == '0' ? 1 : 0;
        if (isPlain)
        {
            plain.Add(long.Parse(cell, System.Globalization.CultureInfo.InvariantCulture) * 1_000_000);
        }
        else if (char.IsAsciiDigit(cell[0]) || cell[0] is '-' or '+' or '.' or ',')
        {
            AddNumber(cell);
        }
        if (char.IsAsciiDigit(cell[0]) && cell.Length is >= 6 and <= 40)
        {
            AddDay(cell);
        }
    }

    /// <summary>The numbers of the column in one form.</summary>
    public NumberTally NumbersIn(int form) => plain.Join(numbers[form]);

    /// <summary>Cells that are days in one form.</summary>
    public int DaysIn(int form) => days[form].Count;

    /// <summary>The first and the last year of the days in one form.</summary>
    public (int First, int Last) YearsIn(int form) => (YearOf(days[form].First), YearOf(days[form].Last));

    /// <summary>The first and the last day in one form, in days since 1970-01-01.</summary>
    public (long First, long Last) RangeIn(int form) => (days[form].First, days[form].Last);

    /// <summary>Whether all cells are flags.</summary>
    public bool IsFlag => Cells > 0 && flags == Cells;

    /// <summary>Whether the column is one of numbers in a form; a few cells may be something else.</summary>
    public bool IsNumberIn(int form) => Fits(plain.Count + numbers[form].Count) && LeadingZeros * 20 <= Cells;

    /// <summary>Whether the column is one of days in a form; a few cells may be something else.</summary>
    public bool IsDayIn(int form) => Fits(days[form].Count);

    // An upload may tolerate a tenth of invalid cells.
    private bool Fits(int count) => Cells > 0 && count >= 0.95 * Cells;

    private void AddNumber(ReadOnlySpan<char> cell)
    {
        for (var form = 0; form < numbers.Length; form++)
        {
            if ((Cells < Patience || plain.Count + numbers[form].Count > 0.9 * Cells) && forms.TryReadNumber(form, cell, out var number))
            {
                numbers[form].Add(number);
            }
        }
    }

    private void AddDay(ReadOnlySpan<char> cell)
    {
        var isRead = false;
        for (var form = 0; form < days.Length; form++)
        {
            if ((Cells < Patience || days[form].Count > 0.9 * Cells) && forms.TryReadDay(form, cell, out var day))
            {
                var (count, first, last) = days[form];
                days[form] = (count + 1, Math.Min(first, day), Math.Max(last, day));
                isRead = true;
            }
        }
        if (isRead && cell.IndexOf(':') is var clock and > 0)
        {
            Clocks++;
            Offsets += cell[^1] is 'Z' or 'z' or 'C' || cell[clock..].IndexOfAny('+', '-') > 0 ? 1 : 0;
        }
    }

    private static int YearOf(long day) => new DateOnly(1970, 1, 1).AddDays((int)day).Year;
}
