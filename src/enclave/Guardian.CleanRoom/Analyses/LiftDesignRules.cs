using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Analyses;

/// <summary>The rules for filters of lift, which keep the arms comparable.</summary>
internal static class LiftDesignRules
{
    /// <summary>Tests the filters of a question.</summary>
    /// <returns>The refusal, or null.</returns>
    public static Refusal? FindProblem(RoomContract contract, CompiledQuestion question)
    {
        var design = contract.Analyses.Lift!;
        foreach (var predicate in question.Question.Where.SelectMany(condition => condition.Predicates()))
        {
            if (design.Outcomes.Append(design.Assignment).Append(design.Exposure).Any(column => column?.ToString() == predicate.Column))
            {
                return RoomReasons.FilterNotBeforeAssignment.Because(
                    $"lift cannot be filtered by '{predicate.Column}': it is the assignment, the exposure or an outcome; "
                    + "filter by data known before, or the arms are no longer alike");
            }
        }
        var measured = design.Outcomes[0].DataSet;
        return design.Population == LiftPopulation.Assigned && question.Filters.Concern(contract.FindDataSet(measured)!)
            ? RoomReasons.FilterNeedsMatch.Because(
                $"lift over everyone assigned cannot be filtered by columns of '{measured}', which only matched persons have")
            : null;
    }
}
