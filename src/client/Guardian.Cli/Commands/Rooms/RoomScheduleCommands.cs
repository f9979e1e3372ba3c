using System.CommandLine;
using System.Globalization;
using Guardian.CleanRoom.Client;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room schedule list</c>.</summary>
internal sealed class RoomScheduleListCommand : LocalCommand
{
    private readonly Argument<string> contract = RoomOptions.CreateContractArgument();

    public RoomScheduleListCommand() : base("list", "Show the scheduled questions of a room, with their answers.") => AddSymbols(contract);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var now = TimeProvider.System.GetUtcNow();
        var questions = RoomSchedule.Read(RoomFile.Load(arguments.GetRequiredValue(contract)).Hash);
        var result = new RoomScheduleListResult([.. questions.Select(question => ScheduledQuestionResult.Of(question, now))]);
        terminal.Show(result, RoomsJson.Default.RoomScheduleListResult, people =>
        {
            if (result.Questions.Count == 0)
            {
                people.WriteLine("nothing is scheduled; add --schedule NAME --times COUNT to 'guardian room ask' or 'guardian room lift'");
                return;
            }
            var table = new TextTable().AddTextColumns("name", "question", "every").AddNumberColumns("answers").AddTextColumns("next");
            foreach (var question in result.Questions)
            {
                table.AddRow(
                    question.Name, question.Question, Format.Count(question.EveryDays, "day"),
                    string.Create(CultureInfo.InvariantCulture, $"{question.Answers.Count} of {question.Times}"),
                    question.Next is { } next ? next <= now ? "due" : Format.Instant(next) : "complete");
            }
            people.WriteTable(table);
        });
        return ExitCode.Done;
    }
}

/// <summary><c>guardian room schedule run</c>.</summary>
internal sealed class RoomScheduleRunCommand() : RoomCommand(
    "run", "Ask the scheduled questions that are due, once for each period; ends with 1 if the room refuses one.")
{
    protected override async Task<int> RunAsync(
        RoomFile file, RoomClient client, ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        using var schedule = RoomSchedule.Open(file.Hash);
        var outcomes = await new ScheduledAsking(file, client, schedule, TimeProvider.System.GetUtcNow()).RunAsync(cancellation)
            .ConfigureAwait(false);
        terminal.Show(new RoomScheduleRunResult(outcomes), RoomsJson.Default.RoomScheduleRunResult, people =>
        {
            foreach (var outcome in outcomes)
            {
                people.WriteLine($"{outcome.Name}: {outcome.State}: {outcome.Detail}");
            }
            if (outcomes.Count == 0)
            {
                people.WriteLine("nothing is scheduled");
            }
        });
        return outcomes.Any(outcome => outcome.State == "refused") ? ExitCode.Refused : ExitCode.Done;
    }
}

/// <summary><c>guardian room schedule remove</c>.</summary>
internal sealed class RoomScheduleRemoveCommand : LocalCommand
{
    private readonly Argument<string> contract = RoomOptions.CreateContractArgument();
    private readonly Argument<string> name = new("NAME") { Description = "The scheduled question." };

    public RoomScheduleRemoveCommand() : base("remove", "Remove a scheduled question; its answers stay in the room.") =>
        AddSymbols(contract, name);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var file = RoomFile.Load(arguments.GetRequiredValue(contract));
        var removed = arguments.GetRequiredValue(name);
        using (var schedule = RoomSchedule.Open(file.Hash))
        {
            schedule.Remove(removed);
        }
        terminal.Show(
            new RoomScheduleRemoveResult(removed), RoomsJson.Default.RoomScheduleRemoveResult,
            people => people.WriteLine($"'{removed}' is not scheduled any more"));
        return ExitCode.Done;
    }
}

/// <summary>A scheduled question.</summary>
/// <param name="Name">The name.</param>
/// <param name="Question">The question in a line.</param>
/// <param name="EveryDays">The days of a period.</param>
/// <param name="Times">The answers after which it is complete.</param>
/// <param name="Answers">The periods with an answer.</param>
/// <param name="Next">The beginning of the next period that it is asked for; null when it is complete.</param>
internal sealed record ScheduledQuestionResult(
    string Name, string Question, int EveryDays, int Times, IReadOnlyList<AskedPeriod> Answers, DateTimeOffset? Next)
{
    public static ScheduledQuestionResult Of(ScheduledQuestion question, DateTimeOffset now) => new(
        question.Name, RoomView.Describe(question.Question), question.Days, question.Times, question.Answers, question.FindNext(now));
}

/// <summary>The result of <c>room schedule list</c>.</summary>
internal sealed record RoomScheduleListResult(IReadOnlyList<ScheduledQuestionResult> Questions);

/// <summary>The result of <c>room schedule run</c>.</summary>
internal sealed record RoomScheduleRunResult(IReadOnlyList<ScheduleOutcome> Questions);

/// <summary>The result of <c>room schedule remove</c>.</summary>
internal sealed record RoomScheduleRemoveResult(string Removed);
