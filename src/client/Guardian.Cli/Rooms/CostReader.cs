using System.Globalization;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Rooms;

/// <summary>Reads the costs of a campaign as people write them.</summary>
internal static class CostReader
{
    /// <summary>Reads the costs.</summary>
    /// <param name="given">Each <c>ARM=AMOUNT</c>; at least one.</param>
    /// <param name="currency">The unit of costs and revenue.</param>
    /// <param name="revenue">The outcome that is revenue; null for the only one that is a number.</param>
    /// <param name="margin">The share of revenue that counts as return.</param>
    /// <param name="contract">The contract.</param>
    /// <exception cref="RefusedException">They do not fit the contract.</exception>
    public static CampaignCosts Read(IReadOnlyList<string> given, string currency, string? revenue, double margin, RoomContract contract)
    {
        if (contract.Analyses.Lift is null)
        {
            throw CliReasons.NoLift.Refuse("the contract does not allow lift, so there is no return");
        }
        var arms = FindTreatments(contract);
        var byArm = new Dictionary<string, double>();
        foreach (var text in given)
        {
            var at = text.LastIndexOf('=');
            var arm = at < 0 ? "" : text[..at].Trim();
            if (!arms.Contains(arm) || byArm.ContainsKey(arm)
                || !double.TryParse(text[(at + 1)..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)
                || !double.IsFinite(amount) || amount <= 0)
            {
                throw CliReasons.BadCost.Refuse(
                    $"'{text}' is not ARM=AMOUNT, with one of {string.Join(", ", arms)}, each once, and an amount greater than 0");
            }
            byArm[arm] = amount;
        }
        if (margin is not (> 0 and <= 1))
        {
            throw CliReasons.BadCost.Refuse("--margin is greater than 0 and at most 1");
        }
        return new CampaignCosts(byArm, currency, FindRevenue(contract, revenue), margin);
    }

    /// <summary>The arms of a contract's lift that can have a cost: all but the control group.</summary>
    public static IReadOnlyList<string> FindTreatments(RoomContract contract) => contract.Analyses.Lift is { } design
        ? [.. contract.FindDataSet(design.Assignment.DataSet)!.FindColumn(design.Assignment.Column)!.Values
            .Where(arm => arm != design.Control)]
        : [];

    /// <summary>The outcomes of a contract's lift that can be revenue: those that are numbers.</summary>
    public static IReadOnlyList<string> FindRevenues(RoomContract contract) => contract.Analyses.Lift is { } design
        ? [.. design.Outcomes.Where((_, index) => design.OutcomeColumn(contract, index).Kind != ColumnKind.Flag)
            .Select(outcome => outcome.ToString())]
        : [];

    private static string FindRevenue(RoomContract contract, string? named)
    {
        var numbers = FindRevenues(contract);
        return named is null && numbers.Count == 1 ? numbers[0]
            : named is not null && numbers.Contains(named) ? named
            : throw CliReasons.BadCost.Refuse(
                $"name the outcome that is revenue: --revenue, one of {string.Join(", ", numbers.DefaultIfEmpty("none"))}");
    }
}
