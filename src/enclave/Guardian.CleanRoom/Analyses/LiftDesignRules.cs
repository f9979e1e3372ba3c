using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Analyses;

/// <summary>The rules for filters and segments of lift, which keep the arms comparable.</summary>
internal static class LiftDesignRules
{
    /// <summary>Tests the filters and the segments of a question.</summary>
    /// <returns>The refusal, or null.</returns>
    public static Refusal? FindProblem(RoomContract contract, CompiledQuestion question)
    {
        var design = contract.Analyses.Lift!;
        var named = question.Question.Where.SelectMany(condition => condition.Predicates()).Select(predicate => predicate.Column)
            .Concat(question.Question.By).ToList();
        var forbidden = design.Outcomes.Append(design.Assignment).Append(design.Exposure).Select(column => column?.ToString());
        if (named.Find(forbidden.Contains) is { } column)
        {
            return RoomReasons.FilterNotBeforeAssignment.Because(
                $"lift cannot be filtered or divided by '{column}': it is the assignment, the exposure or an outcome; "
                + "use data known before, or the arms are no longer alike");
        }
        var measured = design.Outcomes[0].DataSet;
        return design.Population == LiftPopulation.Assigned && named.Exists(each => each.Split('.')[0] == measured)
            ? RoomReasons.FilterNeedsMatch.Because(
                $"lift over everyone assigned cannot be filtered or divided by columns of '{measured}', which only matched persons have")
            : null;
    }
}
