using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;

namespace Guardian.Cli.Rooms;

/// <summary>
/// Writes the columns of an answer with the labels and units of the contract, for people. JSON, CSV and signed files keep the names.
/// </summary>
internal static class AnswerLabels
{
    /// <summary>Replaces the names of an answer.</summary>
    public static Answer Apply(Answer answer, RoomContract contract)
    {
        string Name(string column) => NameOf(contract, column);
        LiftResult Lift(LiftResult lift) => lift with
        {
            Covariate = lift.Covariate is { } covariate ? Name(covariate) : null,
            Outcomes = [.. lift.Outcomes.Select(outcome => outcome with
            {
                Column = Name(outcome.Column),
                Per = outcome.Per is { } per ? Name(per) : null,
            })],
        };
        return new Answer(answer, answer.Body switch
        {
            CrosstabResult crosstab => crosstab with { By = [.. crosstab.By.Select(Name)] },
            SumResult sum => sum with { Column = Name(sum.Column) },
            ReachResult reach => reach with { Column = Name(reach.Column) },
            LiftResult lift => Lift(lift),
            SegmentedLiftResult segmented => segmented with
            {
                By = Name(segmented.By),
                Segments = [.. segmented.Segments.Select(
                    segment => segment with { Lift = segment.Lift is { } lift ? Lift(lift) : null })],
            },
            var other => other,
        });
    }

    /// <summary>The label of a column with its unit, such as <c>Umsatz (EUR)</c>; its name where the contract has neither.</summary>
    /// <param name="contract">The contract.</param>
    /// <param name="name"><c>dataset.column</c>, or the name of a ratio.</param>
    public static string NameOf(RoomContract contract, string name)
    {
        if (!ColumnReference.TryParse(name, out var reference)
            || contract.FindDataSet(reference!.DataSet)?.FindColumn(reference.Column) is not { } column)
        {
            return name;
        }
        var label = column.Label ?? (column.Unit is null ? name : column.Name);
        return column.Unit is { } unit ? $"{label} ({unit})" : label;
    }
}
