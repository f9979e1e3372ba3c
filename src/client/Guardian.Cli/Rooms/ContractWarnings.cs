using Guardian.CleanRoom.Contract;

namespace Guardian.Cli.Rooms;

/// <summary>The consequences of a contract that its members should know before they sign.</summary>
internal static class ContractWarnings
{
    /// <summary>Lists them, one clause each.</summary>
    public static IEnumerable<string> Of(RoomContract contract) =>
        [.. Resets(contract), .. Memberships(contract), .. Blocked(contract), .. Shares(contract), .. Waterfall(contract)];

    private static IEnumerable<string> Resets(RoomContract contract)
    {
        foreach (var dataSet in contract.DataSets.Where(dataSet => dataSet.IsBudgetReset))
        {
            yield return $"BUDGET RESET: '{dataSet.Name}' begins with nothing spent, "
                + "so together both contracts reveal more than the budget allows";
        }
        if (contract.IsGuardReset)
        {
            yield return "GUARD RESET: the room forgets the sets of persons of earlier answers, "
                + "so an answer may be compared with one under the contract before";
        }
    }

    private static IEnumerable<string> Memberships(RoomContract contract)
    {
        foreach (var dataSet in contract.DataSets.Where(dataSet => dataSet.IsMembershipKnown))
        {
            yield return $"everybody may learn that all persons of '{dataSet.Name}' are in another data set, "
                + "or that all persons of another one are in it";
        }
        if (contract.Analyses.Lift is not { } lift)
        {
            yield break;
        }
        var (assigned, measured) = (contract.FindDataSet(lift.Assignment.DataSet)!, contract.FindDataSet(lift.Outcomes[0].DataSet)!);
        if (!assigned.IsMembershipKnown && !measured.IsMembershipKnown)
        {
            yield return $"lift is withheld if nearly all persons of '{assigned.Name}' are in '{measured.Name}', "
                + "as in a campaign to one's own customers; if that is no secret, declare 'membership: known' for one of them";
        }
    }

    private static IEnumerable<string> Waterfall(RoomContract contract)
    {
        if (contract.Persons is null)
        {
            yield break;
        }
        yield return contract.Privacy.Epsilon is null
            ? $"'{contract.Persons}' holds the persons of a room without noise, so nobody can upload it again after the first answer"
            : $"rows match by {contract.PassCount} identifiers, so one person's rows can change the figures of others, "
                + $"and noise is {contract.Privacy.Influence} times as large as with one identifier";
    }

    private static IEnumerable<string> Shares(RoomContract contract)
    {
        if (contract.Analyses.Lift?.Epsilon is not { } price)
        {
            yield break;
        }
        var poorest = contract.DataSets.Min(dataSet => dataSet.Rules.Budget ?? contract.Privacy.Budget);
        poorest = Math.Min(poorest, contract.Privacy.Budget);
        if (contract.Roles.Query.All(name => contract.Roles.BudgetShares.GetValueOrDefault(name, 1) * poorest < price))
        {
            yield return "no member can ask for lift: nobody's share of the budget covers its price; raise a share in 'roles: budget'";
        }
    }

    private static IEnumerable<string> Blocked(RoomContract contract) =>
        from owned in contract.DataSets.GroupBy(dataSet => dataSet.Owner)
        where owned.Count() > 1 && owned.All(dataSet => dataSet.Within is null)
        select $"if every person of one of {string.Join(", ", owned.Select(dataSet => dataSet.Name))} is in another of them, "
            + "declare 'within', or questions about both block each other";
}
