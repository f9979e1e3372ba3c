using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Statistics;

namespace Guardian.Cli.Reports;

/// <summary>Figures of a lift measurement as HTML.</summary>
internal static class LiftText
{
    /// <summary>The style class of a verdict.</summary>
    public static string Class(LiftVerdict verdict) => verdict switch
    {
        LiftVerdict.Increase => "increase", LiftVerdict.Decrease => "decrease", LiftVerdict.Withheld => "withheld", _ => "notshown",
    };

    public static string Arrow(LiftVerdict verdict) => verdict switch { LiftVerdict.Increase => "▲", LiftVerdict.Decrease => "▼", _ => "" };

    public static string Words(LiftVerdict verdict) => verdict switch
    {
        LiftVerdict.Increase => "raised", LiftVerdict.Decrease => "lowered", LiftVerdict.Withheld => "no verdict", _ => "no effect shown",
    };

    /// <summary>The incremental effect: persons for a rate, else an amount.</summary>
    public static string Incremental(double value, bool isRate)
    {
        var amount = isRate ? Html.Number((long)Math.Round(Math.Abs(value))) : Math.Abs(value).ToString("N2", Html.Culture);
        var words = (value < 0, isRate) switch
        {
            (true, true) => "fewer persons", (true, false) => "less in all", (_, true) => "more persons", _ => "more in all",
        };
        return $"{amount} {words} than without the campaign";
    }

    public static string Share(double share) => (100 * share).ToString("F2", Html.Culture) + " %";

    public static string Range(Interval interval, bool isRate) =>
        $"{Difference(interval.Lower, isRate)} to {Difference(interval.Upper, isRate)}";

    /// <summary>A difference: percentage points for a rate, else an amount per head.</summary>
    public static string Difference(double value, bool isRate) =>
        isRate ? (value * 100).ToString("+0.000;−0.000", Html.Culture) + " pp" : value.ToString("+0.0000;−0.0000", Html.Culture);

    public static string Percent(double? value) =>
        value is { } number ? (number * 100).ToString("+0.0;−0.0", Html.Culture) + " %" : "not defined";

    public static string Probability(double p) => p < 0.0001 ? "p &lt; 0.0001" : string.Create(Html.Culture, $"p = {p:F4}");

    public static string PValue(double? value) => value is not { } p ? "" : p < 0.0001 ? "&lt; 0.0001" : p.ToString("F4", Html.Culture);
}
