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
                ledger.Charge(detail.Versions.Keys, detail.Epsilon);
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
    public void Charge(IEnumerable<string> dataSets, decimal epsilon)
    {
        lock (gate)
        {
            foreach (var dataSet in dataSets)
            {
                spent[dataSet] = spent.GetValueOrDefault(dataSet) + epsilon;
            }
        }
    }

    /// <summary>Finds a data set that cannot afford a price.</summary>
    /// <returns>The refusal, or null.</returns>
    public Refusal? FindProblem(IEnumerable<string> dataSets, decimal epsilon)
    {
        var known = Spent;
        foreach (var dataSet in dataSets)
        {
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
