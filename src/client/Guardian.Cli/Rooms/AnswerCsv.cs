using System.Globalization;
using System.Text;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Statistics;

namespace Guardian.Cli.Rooms;

/// <summary>
/// Writes the figures of an answer as CSV (RFC 4180), for spreadsheets and other programs: UTF-8, commas, decimal points, shares as
/// numbers. A withheld figure is an empty cell.
/// </summary>
internal static class AnswerCsv
{
    private static readonly string[] LiftTitles =
    [
        "segment", "outcome", "treatment", "persons", "control_persons", "level", "control_level", "lift", "lower", "upper", "relative",
        "relative_lower", "relative_upper", "p", "p_adjusted", "verdict", "incremental", "always_lower", "always_upper", "together_lower",
        "together_upper", "cuped", "cuped_lower", "cuped_upper",
    ];

    /// <summary>Writes a table.</summary>
    public static byte[] Write(AnswerBody body)
    {
        IEnumerable<IEnumerable<object?>> rows = body switch
        {
            OverlapResult overlap => [["persons"], [overlap.Persons]],
            CrosstabResult crosstab => [
                [.. crosstab.By, "persons"], .. crosstab.Cells.Select(cell => (IEnumerable<object?>)[.. cell.Values, cell.Persons])],
            SumResult sum => [["column", "persons", "sum", "mean", "cap", "margin"],
                [sum.Column, sum.Persons, sum.Sum, sum.Mean, sum.Cap, sum.Margin]],
            ReachResult reach => [["contacts", "or_more", "persons"],
                .. reach.Frequencies.Select(each => (IEnumerable<object?>)[each.Times, each.OrMore ? 1 : 0, each.Persons])],
            ProgramResult program => [["output", "figure", "value", "margin", "cap"],
                .. program.Outputs.SelectMany(output => output.Cells.Select(
                    cell => (IEnumerable<object?>)[output.Name, cell.Name, cell.Value, output.Margin, output.Cap]))],
            LiftResult lift => [LiftTitles, .. RowsOf("", lift)],
            SegmentedLiftResult segmented => [LiftTitles, .. segmented.Segments.SelectMany(segment => segment.Lift is { } lift
                ? RowsOf(segment.Value, lift)
                : [[segment.Value, .. Enumerable.Repeat<object?>(null, LiftTitles.Length - 1)]])],
            _ => [],
        };
        return Encoding.UTF8.GetBytes(string.Concat(rows.Select(row => string.Join(',', row.Select(Cell)) + "\r\n")));
    }

    private static IEnumerable<IEnumerable<object?>> RowsOf(string segment, LiftResult lift)
    {
        var control = lift.Arms.Single(arm => arm.IsControl);
        foreach (var (outcome, comparison) in lift.Outcomes.SelectMany(
            outcome => outcome.Comparisons.Select(comparison => (outcome, comparison))))
        {
            var (result, cuped) = (comparison.Result, comparison.Cuped?.Result);
            // All treatments together have no arm of their own.
            var arm = lift.Arms.FirstOrDefault(each => each.Name == comparison.Treatment);
            double? Level(string? name) => outcome.Totals.FirstOrDefault(total => total.Arm == name)?.Mean;
            yield return [
                segment, outcome.Column, comparison.Treatment,
                arm?.Persons ?? lift.Arms.Where(each => !each.IsControl).Sum(each => each.Persons),
                control.Persons, Level(arm?.Name), Level(control.Name), result.AbsoluteLift, .. Ends(result.AbsoluteInterval),
                result.RelativeLift, .. Ends(result.RelativeInterval), result.PValue, comparison.AdjustedPValue,
                LiftView.Describe(comparison.Verdict), result.Incremental, .. Ends(comparison.AlwaysValid?.Interval),
                .. Ends(comparison.Simultaneous?.Absolute), cuped?.AbsoluteLift, .. Ends(cuped?.AbsoluteInterval)];
        }
    }

    private static object?[] Ends(Interval? interval) => [interval?.Lower, interval?.Upper];

    private static string Cell(object? value) => value switch
    {
        null => "",
        string text => Text(text),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => "",
    };

    // A spreadsheet computes a text that begins like a formula; the apostrophe makes it text.
    private static string Text(string text)
    {
        var harmless = text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' ? $"'{text}" : text;
        return harmless.AsSpan().ContainsAny(",\"\r\n") ? $"\"{harmless.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : harmless;
    }
}
