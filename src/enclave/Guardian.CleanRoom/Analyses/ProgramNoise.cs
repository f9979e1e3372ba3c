using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Privacy;

namespace Guardian.CleanRoom.Analyses;

/// <summary>
/// The noise of a program's figures. The number of persons and each output get equal parts of the price. One person adds at most the cap to
/// all figures of an output together, so each of these gets noise for the whole cap.
/// </summary>
internal sealed class ProgramNoise(RoomContract contract, ProgramDesign design, DisclosureRules rules)
{
    private decimal Part => design.Epsilon!.Value / (1 + design.Outputs.Count);

    /// <summary>Adds noise to the number of persons.</summary>
    public long Persons(long exact) => (long)rules.NoiseOf(exact, contract.Privacy.Influence, Part).Value;

    /// <summary>Adds noise to a figure.</summary>
    public Int128 Figure(ProgramOutput output, long exact) => rules.NoiseOf(exact, SensitivityOf(output), Part).Value;

    /// <summary>The bound within which 95 % of the numbers of persons are.</summary>
    public double Margin() => DisclosureRules.MarginOf(contract.Privacy.Influence / (double)Part);

    /// <summary>The bound within which 95 % of an output's figures are.</summary>
    public double Margin(ProgramOutput output) => DisclosureRules.MarginOf((double)SensitivityOf(output) / (double)Part) / Scale(output);

    /// <summary>
    /// Whether a figure may be reported: at least the minimum audience of persons adds to it, because each adds at most the cap; and
    /// nobody may have more than the agreed share. The published figure decides.
    /// </summary>
    public bool Allows(ProgramOutput output, Int128 published) =>
        published >= (Int128)output.Cap * contract.Privacy.MinimumAudience
        && output.Cap <= contract.Privacy.LargestShare * (double)published;

    /// <summary>Writes a figure, or a cap, as it is reported.</summary>
    public static double Scale(ProgramOutput output, Int128 value) => (double)value / Scale(output);

    private static double Scale(ProgramOutput output) => (double)CellText.Power(output.Places);

    private Int128 SensitivityOf(ProgramOutput output) => (Int128)output.Cap * contract.Privacy.Influence;
}
