using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;

namespace Guardian.CleanRoom.Analyses;

/// <summary>What a question about lift may not do, or it would no longer compare like with like.</summary>
internal static class LiftDesignRules
{
    /// <summary>The refusal, or null.</summary>
    public static RoomRefusal? FindProblem(RoomContract contract, CompiledQuestion question)
    {
        var design = contract.Analyses.Lift!;
        foreach (var predicate in question.Question.Where.SelectMany(condition => condition.Predicates()))
        {
            if (design.Outcomes.Append(design.Assignment).Append(design.Exposure).Any(column => column?.ToString() == predicate.Column))
            {
                return new RoomRefusal(
                    RefusalKind.Forbidden, "filter-not-before-assignment",
                    $"lift cannot be filtered by '{predicate.Column}': it is the assignment, the exposure or an outcome; filter by what was known before, or the arms are no longer alike");
            }
        }
        var measured = design.Outcomes[0].DataSet;
        return design.Population == LiftPopulation.Assigned && question.Filters.Concern(contract.FindDataSet(measured)!)
            ? new RoomRefusal(
                RefusalKind.Forbidden, "filter-needs-match", $"lift over everyone assigned cannot be filtered by columns of '{measured}', which only matched persons have")
            : null;
    }
}
