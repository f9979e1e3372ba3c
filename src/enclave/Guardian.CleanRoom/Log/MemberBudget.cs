using System.Globalization;
using Guardian.CleanRoom.Base;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Log;

/// <summary>The share of a member in the budget of a data set.</summary>
/// <param name="Member">The member.</param>
/// <param name="DataSet">The data set.</param>
/// <param name="Total">The epsilon that the member's questions may spend under this contract.</param>
/// <param name="Spent">The spent part.</param>
public sealed record MemberBudget(string Member, string DataSet, decimal Total, decimal Spent)
{
    /// <summary>Tests whether the rest of the share covers a price.</summary>
    /// <returns>The refusal, or null.</returns>
    internal Refusal? FindProblem(decimal epsilon) => epsilon <= Total - Spent
        ? null
        : RoomReasons.BudgetExhausted.Because(string.Create(
            CultureInfo.InvariantCulture,
            $"an answer costs '{DataSet}' {epsilon}, and {Math.Max(Total - Spent, 0):0.###} of {Member}'s share of {Total:0.###} is left; "
            + $"questions that were answered before are free"));
}
