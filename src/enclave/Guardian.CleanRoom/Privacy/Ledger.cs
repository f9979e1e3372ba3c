using System.Text.Json;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Room;

namespace Guardian.CleanRoom.Privacy;

/// <summary>
/// What answers have cost the persons of each data set, by its name: an upload of another version inherits what was spent, because it holds the same
/// persons. Computed from the log alone. Not thread-safe.
/// </summary>
internal sealed class Ledger(RoomContract contract)
{
    private readonly Dictionary<string, double> spent = contract.DataSets.ToDictionary(dataSet => dataSet.Name, _ => 0.0);

    /// <summary>What was spent, by data set.</summary>
    public IReadOnlyDictionary<string, double> Spent => spent;

    /// <summary>Takes over what a log says was spent.</summary>
    public static Ledger From(RoomContract contract, IEnumerable<LogLine> entries)
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
                foreach (var (dataSet, before) in JsonSerializer.Deserialize(entry.Detail, RoomLogJson.Default.SuccessionDetail)!.Spent)
                {
                    ledger.Charge([dataSet], before);
                }
            }
        }
        return ledger;
    }

    /// <summary>Adds to what was spent.</summary>
    public void Charge(IEnumerable<string> dataSets, double epsilon)
    {
        foreach (var dataSet in dataSets)
        {
            spent[dataSet] = spent.GetValueOrDefault(dataSet) + epsilon;
        }
    }

    /// <summary>The refusal of a question that one of its data sets cannot afford, or null.</summary>
    public RoomRefusal? FindProblem(IEnumerable<string> dataSets, double epsilon)
    {
        foreach (var dataSet in dataSets)
        {
            var left = BudgetOf(dataSet) - spent[dataSet];
            // Many small charges add up inexactly; a person's budget is no place for the last digit.
            if (epsilon > left + 1e-9)
            {
                return new RoomRefusal(
                    RefusalKind.Conflict, "budget-exhausted",
                    string.Create(System.Globalization.CultureInfo.InvariantCulture, $"an answer costs '{dataSet}' {epsilon} of its privacy budget, and {Math.Max(left, 0):0.###} of {BudgetOf(dataSet)} is left; questions that were answered before are free"));
            }
        }
        return null;
    }

    /// <summary>The whole budget of a data set: the least that the members or its owner allow.</summary>
    public double BudgetOf(string dataSet) => Math.Min(contract.Privacy.Budget, contract.FindDataSet(dataSet)?.Rules.Budget ?? double.MaxValue);
}

/// <summary>Names of the log's events.</summary>
internal static class LogEvents
{
    public const string Upload = "upload";
    public const string Deletion = "deletion";
    public const string Question = "question";
    public const string Answer = "answer";
    public const string FreeQuestion = "free question";
    public const string Succession = "succession";
}
