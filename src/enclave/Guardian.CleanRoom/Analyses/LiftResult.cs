using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Analyses;

/// <summary>The effect of a campaign.</summary>
/// <param name="Assignment">The column that assigned persons to arms.</param>
/// <param name="Control">The arm without treatment.</param>
/// <param name="Population">The persons who count.</param>
/// <param name="Matched">Matched persons of all arms.</param>
/// <param name="Arms">The arms in the order of the column's values.</param>
/// <param name="SampleRatio">Whether the arms have the intended sizes.</param>
/// <param name="Correction">The adjustment of p-values.</param>
/// <param name="Covariate">The covariate, <c>dataset.column</c>; null without one.</param>
/// <param name="Exposure">The column with the exposure; null when it is not known.</param>
/// <param name="Outcomes">The outcomes in the order of the contract.</param>
/// <param name="Clusters">The clusters that were assigned as a whole; null when each person was assigned alone.</param>
public sealed record LiftResult(
    string Assignment, string Control, LiftPopulation Population, long Matched, IReadOnlyList<LiftArm> Arms, SampleRatio SampleRatio,
    MultipleTesting Correction, string? Covariate, string? Exposure, IReadOnlyList<LiftOutcome> Outcomes,
    LiftClusters? Clusters = null) : AnswerBody;

/// <summary>The effect of a campaign by segment. All comparisons of all segments are judged together.</summary>
/// <param name="By">The column of the segments, <c>dataset.column</c>.</param>
/// <param name="Comparisons">The number of comparisons that are judged together.</param>
/// <param name="SampleRatio">Whether the arms of all shown segments together have the intended sizes; if not, every verdict is withheld.
/// </param>
/// <param name="Segments">One for each value of the column.</param>
public sealed record SegmentedLiftResult(
    string By, int Comparisons, SampleRatio SampleRatio, IReadOnlyList<LiftSegment> Segments) : AnswerBody;

/// <summary>A segment.</summary>
/// <param name="Value">The value of the column.</param>
/// <param name="Lift">The effect on its persons; null when it is withheld.</param>
public sealed record LiftSegment(string Value, LiftResult? Lift);

/// <summary>Intervals that hold together: the chance that any of an answer leaves out its effect is at most 5 %.</summary>
/// <param name="Absolute">The difference of the means.</param>
/// <param name="Relative">The relative difference; null where it is not defined.</param>
public sealed record SimultaneousIntervals(Interval Absolute, Interval? Relative);

/// <summary>How clusters enter the errors.</summary>
/// <param name="Column">The column with the cluster, <c>dataset.column</c>.</param>
/// <param name="Groups">The number of values of the column, or of the groups of clusters that a hash of it forms.</param>
/// <param name="AreHashed">Whether they are such groups.</param>
/// <param name="AreTooFew">Whether an arm has fewer than two, so that every verdict is withheld.</param>
public sealed record LiftClusters(string Column, int Groups, bool AreHashed, bool AreTooFew);

/// <summary>An arm.</summary>
/// <param name="Name">The value of the assignment.</param>
/// <param name="Persons">Persons in it.</param>
/// <param name="IsControl">Whether it is the arm without treatment.</param>
/// <param name="IntendedShare">The share of all persons that the contract intended, 0 to 1.</param>
/// <param name="Exposed">Persons in it who were exposed; null when that is not known.</param>
public sealed record LiftArm(string Name, long Persons, bool IsControl, double IntendedShare, long? Exposed = null);

/// <summary>The effect on one outcome.</summary>
/// <param name="Column">The outcome, <c>dataset.column</c>, or the name of a ratio.</param>
/// <param name="IsRate">True when the outcome is a flag and is compared as a rate; false when it is compared per head.</param>
/// <param name="Totals">Totals by arm.</param>
/// <param name="Comparisons">Each treatment arm against control, and, if there are several, all of them together.</param>
/// <param name="Cap">The most that one person adds; null for a rate and for a ratio.</param>
/// <param name="Per">
/// For a ratio, the outcome by which it divides; null for others. It has neither totals nor comparisons when it is withheld, because
/// too few persons have a part in it.
/// </param>
public sealed record LiftOutcome(
    string Column, bool IsRate, IReadOnlyList<LiftTotal> Totals, IReadOnlyList<LiftComparison> Comparisons, double? Cap = null,
    string? Per = null);

/// <summary>The total of one arm.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Sum">The number of persons with the flag, or the sum of the values.</param>
/// <param name="Mean">The rate, the mean per head, or the ratio.</param>
public sealed record LiftTotal(string Arm, double Sum, double Mean);

/// <summary>A treatment against control.</summary>
/// <param name="Treatment">The arm, or "any treatment".</param>
/// <param name="Result">The comparison.</param>
/// <param name="Verdict">The conclusion; withheld when the arms do not have the intended sizes.</param>
/// <param name="AdjustedPValue">P-value after the contract's correction over all comparisons; null when there is none.</param>
/// <param name="Cuped">The comparison narrowed by the covariate; null without one.</param>
/// <param name="Exposed">The effect on exposed persons; null when exposure is not known.</param>
/// <param name="Simultaneous">
/// By segment, the intervals that hold together, of the narrowed comparison where there is one; null for everybody as one.
/// </param>
/// <param name="AlwaysValid">
/// The interval and p-value that hold at all looks of the contract, of the narrowed comparison if there is one; null for one look.
/// </param>
public sealed record LiftComparison(
    string Treatment, Comparison Result, LiftVerdict Verdict, double? AdjustedPValue, CupedComparison? Cuped = null,
    ExposedEffect? Exposed = null, SimultaneousIntervals? Simultaneous = null, AlwaysValid? AlwaysValid = null);

/// <summary>The conclusion of a comparison.</summary>
public enum LiftVerdict
{
    /// <summary>None: the arms do not have the intended sizes, so something other than the campaign separated them.</summary>
    Withheld,

    /// <summary>The treatment raised the outcome.</summary>
    Increase,

    /// <summary>The treatment lowered the outcome.</summary>
    Decrease,

    /// <summary>No effect is shown.</summary>
    NotShown,
}
