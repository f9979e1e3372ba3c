using System.Globalization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;
using Guardian.Refusals;

namespace Guardian.Cli.Rooms;

/// <summary>The budget of a data set, and the part that a schedule takes.</summary>
/// <param name="DataSet">The data set.</param>
/// <param name="Left">Epsilon that is left now.</param>
/// <param name="AtMost">Epsilon that the schedule spends at most.</param>
internal sealed record ScheduleBudget(string DataSet, decimal Left, decimal AtMost);

/// <summary>A scheduled question and its price, before anything is asked.</summary>
/// <param name="Name">The name.</param>
/// <param name="Question">The question in a line.</param>
/// <param name="EveryDays">The days of a period.</param>
/// <param name="Times">The answers.</param>
/// <param name="Price">Epsilon for each answer and data set; 0 for exact figures.</param>
/// <param name="Budgets">The budgets of its data sets.</param>
internal sealed record ScheduleOrderResult(
    string Name, string Question, int EveryDays, int Times, decimal Price, IReadOnlyList<ScheduleBudget> Budgets)
{
    /// <summary>Describes the price, one sentence each.</summary>
    public IEnumerable<string> DescribePrice()
    {
        if (Price == 0)
        {
            yield return "it costs nothing, because the members agreed on exact figures";
            yield break;
        }
        foreach (var budget in Budgets)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"each answer costs {Price:0.###} of the budget of {budget.DataSet}, all {Times} at most {budget.AtMost:0.###}; "
                + $"{budget.Left:0.###} is left")
                + (budget.AtMost > budget.Left
                    ? string.Create(CultureInfo.InvariantCulture, $", which is enough for {Math.Floor(budget.Left / Price):0}")
                    : "");
        }
    }
}

/// <summary>Adds a question to the schedule of a room, with its price in advance.</summary>
internal static class ScheduleOrder
{
    /// <summary>The most answers of one scheduled question.</summary>
    public const int MaxTimes = 1000;

    /// <summary>Adds a question. It is not asked.</summary>
    /// <param name="question">The question, with its name, periods and number of answers.</param>
    /// <exception cref="RefusedException">The contract does not allow it, or the name is taken or malformed.</exception>
    public static async Task<ScheduleOrderResult> AddAsync(
        RoomFile file, RoomClient client, ScheduledQuestion question, CancellationToken cancellation)
    {
        if (!RoomOptions.IsMemberName(question.Name))
        {
            throw CliReasons.BadSchedule.Refuse(
                $"'{question.Name}' is no name of a scheduled question", "lower-case letters, digits, hyphens and underscores, at most 64");
        }
        if (question.Days is < 1 or > 31 || question.Times is < 1 or > MaxTimes)
        {
            throw CliReasons.BadSchedule.Refuse($"a period has 1 to 31 days, and a question 1 to {MaxTimes} answers");
        }
        var forecast = await ForecastView.ReadAsync(file.Contract, client, question.Question, cancellation).ConfigureAwait(false);
        // Data that are missing today may be there when the question is due.
        if (forecast.Refusal is { } code && code != RoomReasons.DataMissing.Code)
        {
            throw CliReasons.BadSchedule.Refuse($"the room would refuse it: {forecast.Detail}");
        }
        var budget = await client.ReadBudgetAsync(cancellation).ConfigureAwait(false);
        var price = FindPrice(question.Question, file.Contract);
        using (var schedule = RoomSchedule.Open(file.Hash))
        {
            schedule.Add(question);
        }
        var names = RoomView.DataSetsOf(question.Question, file.Contract).ToList();
        return new ScheduleOrderResult(
            question.Name, RoomView.Describe(question.Question), question.Days, question.Times, price,
            [.. budget.DataSets.Where(each => names.Contains(each.Name)).Select(
                each => new ScheduleBudget(each.Name, each.Total - each.Spent, price * question.Times))]);
    }

    /// <summary>Finds the price of an answer, epsilon for each data set; 0 for exact figures.</summary>
    public static decimal FindPrice(Question question, RoomContract contract) => question.Kind switch
    {
        QuestionKind.Lift => contract.Analyses.Lift?.Epsilon ?? 0,
        QuestionKind.Program => contract.Analyses.Programs.FirstOrDefault(each => each.Name == question.Program)?.Epsilon
            ?? contract.Privacy.Epsilon ?? 0,
        _ => contract.Privacy.Epsilon ?? 0,
    };
}
