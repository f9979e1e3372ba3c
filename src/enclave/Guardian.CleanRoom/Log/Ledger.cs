using System.Globalization;
using System.Text.Json;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Log;

/// <summary>
/// The privacy budgets that answers have spent, by name of the data set: another version inherits what was spent, because it has the same
/// persons. The ledger is computed from the log alone. Thread-safe.
/// </summary>
internal sealed class Ledger(RoomContract contract)
{
    // Sums of an earlier release were floating-point numbers; this removes their rounding errors.
    private const int SumPlaces = 9;

    private readonly Lock gate = new();
    private readonly Dictionary<string, decimal> spent = contract.DataSets.ToDictionary(dataSet => dataSet.Name, _ => 0m);
    private readonly Dictionary<(string Member, string DataSet), decimal> spentByMember = [];

    /// <summary>Epsilon spent so far, by data set.</summary>
    public IReadOnlyDictionary<string, decimal> Spent
    {
        get
        {
            lock (gate)
            {
                return new Dictionary<string, decimal>(spent);
            }
        }
    }

    /// <summary>Computes the ledger of a log.</summary>
    /// <param name="contract">The contract.</param>
    /// <param name="previous">The contract that it succeeds; null for the first.</param>
    /// <param name="entries">The log.</param>
    public static Ledger From(RoomContract contract, RoomContract? previous, IEnumerable<LogLine> entries)
    {
        var ledger = new Ledger(contract);
        foreach (var entry in entries)
        {
            if (entry.Event == LogEvents.Question)
            {
                var detail = JsonSerializer.Deserialize(entry.Detail, RoomLogJson.Default.QuestionDetail)!;
                ledger.Charge(detail.Versions.Keys, detail.Epsilon, entry.Member);
            }
            else if (entry.Event == LogEvents.Succession)
            {
                var before = JsonSerializer.Deserialize(entry.Detail, RoomLogJson.Default.SuccessionDetail)!.Spent;
                foreach (var (dataSet, sum) in BudgetHeir.Inherit(contract, previous!, before))
                {
                    ledger.Charge([dataSet], decimal.Round(sum, SumPlaces));
                }
            }
        }
        return ledger;
    }

    /// <summary>Charges some data sets.</summary>
    /// <param name="dataSets">Their names.</param>
    /// <param name="epsilon">The price for each.</param>
    /// <param name="member">The member who asked; null for what was spent before this contract.</param>
    public void Charge(IEnumerable<string> dataSets, decimal epsilon, string? member = null)
    {
        lock (gate)
        {
            foreach (var dataSet in dataSets)
            {
                spent[dataSet] = spent.GetValueOrDefault(dataSet) + epsilon;
                if (member is not null)
                {
                    spentByMember[(member, dataSet)] = spentByMember.GetValueOrDefault((member, dataSet)) + epsilon;
                }
            }
        }
    }

    /// <summary>Lists the shares of members in each budget, as the contract limits them.</summary>
    public IReadOnlyList<MemberBudget> ListShares()
    {
        lock (gate)
        {
            return
            [
                .. from share in contract.Roles.BudgetShares
                   from dataSet in contract.DataSets
                   select new MemberBudget(
                       share.Key, dataSet.Name, share.Value * BudgetOf(dataSet.Name),
                       spentByMember.GetValueOrDefault((share.Key, dataSet.Name))),
            ];
        }
    }

    /// <summary>Finds a data set that cannot afford a price, or whose budget leaves a member no share for it.</summary>
    /// <param name="dataSets">Names of the data sets.</param>
    /// <param name="epsilon">The price for each.</param>
    /// <param name="member">The member who asks; null for none.</param>
    /// <returns>The refusal, or null.</returns>
    public Refusal? FindProblem(IEnumerable<string> dataSets, decimal epsilon, string? member = null)
    {
        var (known, shares) = (Spent, ListShares());
        foreach (var dataSet in dataSets)
        {
            if (shares.FirstOrDefault(each => each.Member == member && each.DataSet == dataSet) is { } share
                && share.FindProblem(epsilon) is { } exceeded)
            {
                return exceeded;
            }
            var left = BudgetOf(dataSet) - known[dataSet];
            if (epsilon > left)
            {
                return RoomReasons.BudgetExhausted.Because(string.Create(
                    CultureInfo.InvariantCulture,
                    $"an answer costs '{dataSet}' {epsilon} of its privacy budget, and {Math.Max(left, 0):0.###} of {BudgetOf(dataSet)} "
                    + $"is left; questions that were answered before are free"));
            }
        }
        return null;
    }

    /// <summary>Finds the whole budget of a data set: the least that the members or its owner allow.</summary>
    public decimal BudgetOf(string dataSet) =>
        Math.Min(contract.Privacy.Budget, contract.FindDataSet(dataSet)?.Rules.Budget ?? decimal.MaxValue);
}
