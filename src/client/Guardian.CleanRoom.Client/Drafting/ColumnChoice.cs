using System.Globalization;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Drafting;

/// <summary>The type of a column that a draft proposes, and why.</summary>
/// <param name="Type">Its members in the contract, from <c>type</c> on; null when the column is left out.</param>
/// <param name="Why">The reason, for people. In a proposal it says nothing about single rows.</param>
/// <param name="Kind">The kind of column.</param>
internal sealed record ColumnChoice(string? Type, string Why, ColumnKind Kind = ColumnKind.Flag)
{
    private const int MostValues = 200;
    private const int LongestValue = 60;
    private const int LeastPlaces = 2;
    private const int MostPlaces = 4;

    // The share of cells that must have a frequent value: with fewer, the texts are free.
    private const double LeastListed = 0.95;

    // The number of values that a column may distinguish.
    private const decimal MostSpan = 4_294_967_294;

    /// <summary>The values of a category.</summary>
    public IReadOnlyList<string> Values { get; private init; } = [];

    /// <summary>The numbers of an integer or decimal; null for other kinds.</summary>
    public NumberTally? Numbers { get; private init; }

    /// <summary>The member <c>unit</c> of a number, behind a comma; empty where its cells have none.</summary>
    public string Unit { get; private init; } = "";

    /// <summary>Decimal places of a number.</summary>
    public int Places { get; private init; }

    /// <summary>Decides for a column.</summary>
    public static ColumnChoice Of(ColumnProfile column, FileProfile file)
    {
        if (column.Problem is { } problem)
        {
            return LeaveOut($"it {problem}");
        }
        if (column.Cells == 0)
        {
            return LeaveOut("it is empty");
        }
        if (column.Header.Length == 0 || file.Headers.Count(header => header.Equals(column.Header, StringComparison.OrdinalIgnoreCase)) > 1)
        {
            return LeaveOut("its header is empty, or stands twice");
        }
        if (HeaderWords.IsPersonal(column.Header))
        {
            return LeaveOut("its header suggests personal data");
        }
        if (column.IsFlag)
        {
            return new ColumnChoice("type: flag", "yes or no", ColumnKind.Flag) { Values = Listed(column) };
        }
        if (column.IsDayIn(file.DateForm))
        {
            var (first, last) = column.YearsIn(file.DateForm);
            return new ColumnChoice(
                Line($"type: date, minimum: {first:D4}-01-01, maximum: {last:D4}-12-31"), "days; bounds are whole years", ColumnKind.Date);
        }
        return column.IsNumberIn(file.NumberForm) ? OfNumbers(column, file)
            : CellForms.Dates.Index().Any(form => column.IsDayIn(form.Index))
                ? LeaveOut("its days are written in another form than those of another column, and a file has one")
            : OfTexts(column);
    }

    /// <summary>Writes bounds that contain all numbers, rounded outward, and a cap; null when no column can have them.</summary>
    public static string? WriteNumbers(NumberTally numbers, int mostPlaces, out int places, out bool hasCap)
    {
        var (minimum, maximum) = (Math.Min(0, RoundStep.Outward(numbers.Minimum)), Math.Max(0, RoundStep.Outward(numbers.Maximum)));
        // 25.50 and 25.5 are one number, and the next file has 25.55.
        (places, hasCap) = (mostPlaces == 0 ? 0 : Math.Clamp(mostPlaces, LeastPlaces, MostPlaces), false);
        while (places >= 0 && Math.Max(maximum - minimum, Math.Max(maximum, -minimum)) * CellText.Power(places) > MostSpan)
        {
            places--;
        }
        if (places < 0)
        {
            return null;
        }
        (minimum, maximum) = (-RoundUp(-minimum, places), RoundUp(maximum, places));
        var cap = RoundUp(numbers.FindCap(), places);
        hasCap = cap > 0 && cap < maximum;
        return Line($"type: {(places > 0 ? Line($"decimal, places: {places}") : "integer")}, minimum: {minimum}, maximum: {maximum}")
            + (hasCap ? Line($", cap: {cap}") : "") + (numbers.Places > places ? ", round: true" : "");
    }

    /// <summary>Rounds up to a number of places.</summary>
    public static decimal RoundUp(decimal number, int places) => Math.Ceiling(number * CellText.Power(places)) / CellText.Power(places);

    private static ColumnChoice OfNumbers(ColumnProfile column, FileProfile file)
    {
        if (column.Units.Count > 1)
        {
            return LeaveOut("its numbers have several currencies");
        }
        // While two readings are possible, the bounds hold for both.
        var numbers = file.OtherNumberForms.Where(column.IsNumberIn).Aggregate(
            column.NumbersIn(file.NumberForm), (joined, form) => joined.Join(column.NumbersIn(form)));
        var unit = column.Units.Count > 0 ? $", unit: {YamlWords.Write(column.Units.Min!)}" : "";
        return WriteNumbers(numbers, numbers.Places, out var places, out var hasCap) is { } type
            ? new ColumnChoice(
                type + unit,
                "bounds are rounded outward" + (hasCap ? "; 99 of 100 rows do not exceed the cap, and a larger one makes sums noisier" : "")
                    + (numbers.Places > places ? "; more places are rounded" : ""),
                places > 0 ? ColumnKind.Decimal : ColumnKind.Integer)
            {
                Numbers = numbers,
                Unit = unit,
                Places = places,
            }
            : LeaveOut("its numbers are too large for a column; is it a number by which somebody is known?");
    }

    private static ColumnChoice OfTexts(ColumnProfile column)
    {
        var frequent = column.Values.FindFrequent();
        if (column.Values.IsFull || frequent.Count is 0 or > MostValues
            || frequent.Sum(value => (long)value.Cells) < LeastListed * column.Cells)
        {
            return LeaveOut("it has free text, or too many values that few persons have");
        }
        if (frequent.Any(value => IsPersonal(value.Text)))
        {
            return LeaveOut("its values look like personal data");
        }
        var isComplete = frequent.Sum(value => (long)value.Cells) == column.Cells;
        List<string> values = [.. frequent.Select(value => value.Text)];
        return new ColumnChoice(
            $"type: category, values: {YamlWords.Write(values)}{(isComplete ? "" : ", unlisted: other")}",
            $"each value has at least {ValueTally.LeastPersons} persons" + (isComplete ? "" : "; rarer ones become 'other'"),
            ColumnKind.Category)
        {
            Values = values,
        };
    }

    private static bool IsPersonal(string text) =>
        text.Length > LongestValue || text.Contains('@', StringComparison.Ordinal) || text.Count(char.IsAsciiDigit) >= 7;

    private static List<string> Listed(ColumnProfile column) => [.. column.Values.FindFrequent().Select(value => value.Text)];

    private static ColumnChoice LeaveOut(string why) => new(null, why);

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
