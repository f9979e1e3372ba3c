using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Log;

/// <summary>
/// Carries what was spent into a contract that succeeds another. The persons stay the same when a data set gets another name, another kind
/// of identifier or another owner, so nothing but an explicit reset begins anew.
/// </summary>
internal static class BudgetHeir
{
    /// <summary>Computes what was spent before, for each data set of a contract.</summary>
    /// <param name="contract">The contract.</param>
    /// <param name="previous">The contract that it succeeds.</param>
    /// <param name="spent">Epsilon spent under it, by name of the data set; also of data sets that earlier contracts had.</param>
    /// <returns>Epsilon by name: of the contract's data sets, and of all that it no longer has.</returns>
    public static Dictionary<string, decimal> Inherit(
        RoomContract contract, RoomContract previous, IReadOnlyDictionary<string, decimal> spent)
    {
        var inherited = spent.Where(each => contract.FindDataSet(each.Key) is null).ToDictionary();
        foreach (var dataSet in contract.DataSets)
        {
            inherited[dataSet.Name] = dataSet.IsBudgetReset
                ? 0
                : NamesOfForebears(dataSet, contract, previous, spent.Keys)
                    .Select(name => spent.GetValueOrDefault(name)).DefaultIfEmpty().Max();
        }
        return inherited;
    }

    // An owner with several data sets could move the rows from one to the other, so each begins with the most that any of them spent. An
    // owner whom the contract before does not know may be one who left and came back under another name.
    private static IEnumerable<string> NamesOfForebears(
        DataSet dataSet, RoomContract contract, RoomContract previous, IEnumerable<string> spent)
    {
        var isKnown = previous.DataSets.Any(before => before.Owner == dataSet.Owner);
        return spent.Where(name =>
        {
            var owner = previous.FindDataSet(name)?.Owner;
            return name == dataSet.Name || (isKnown ? owner == dataSet.Owner : contract.DataSets.All(each => each.Owner != owner));
        });
    }
}
