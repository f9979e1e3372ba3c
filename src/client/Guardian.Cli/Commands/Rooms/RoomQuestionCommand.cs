using System.CommandLine;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Rooms;

/// <summary>A command that asks a question and shows the signed answer.</summary>
internal abstract class RoomQuestionCommand : RoomCommand
{
    private readonly Option<string[]> where = Questions.CreateWhereOption();
    private readonly Option<string?> output = new("--output")
    {
        Description = "Also write the signed answer, for 'guardian room verify'.",
        HelpName = "FILE",
    };
    private readonly Option<string?> html = new("--html")
    {
        Description = "Also write a report as one self-contained page.",
        HelpName = "FILE",
    };

    private readonly Option<string?> csv = CreateCsvOption();

    private readonly Option<bool> dryRun = new("--dry-run")
    {
        Description = "Ask nothing: show price, expected error, and what speaks for a refusal, from what every member may know.",
    };

    private readonly Option<string?> schedule = new("--schedule")
    {
        Description = "Ask nothing now: keep the question under this name, for 'guardian room schedule run', and show its price.",
        HelpName = "NAME",
    };
    private readonly Option<int?> times = new("--times")
    {
        Description = "With --schedule: the number of answers after which it is complete.",
        HelpName = "COUNT",
    };
    private readonly Option<int?> every = new("--every")
    {
        Description = "With --schedule: the days of a period. Default: those for which the data sets pin a version, else 7.",
        HelpName = "DAYS",
    };

    protected RoomQuestionCommand(string name, string description) : base(name, description)
    {
        AddSymbols(where, output, html, csv, dryRun, schedule, times, every);
        Validators.Add(result =>
        {
            var isScheduled = result.GetValue(schedule) is not null;
            if (isScheduled != result.GetValue(times) is not null || (!isScheduled && result.GetValue(every) is not null))
            {
                result.AddError("--schedule and --times belong together, and --every is for them");
            }
            else if (isScheduled && new Option[] { output, html, csv, dryRun }.Any(each => result.GetResult(each) is not null))
            {
                result.AddError("--schedule asks nothing: --output, --html, --csv and --dry-run are not for it");
            }
        });
    }

    /// <summary>The option that names a file for the figures.</summary>
    public static Option<string?> CreateCsvOption() => new("--csv")
    {
        Description = "Also write the figures as CSV, for spreadsheets.",
        HelpName = "FILE",
    };

    protected sealed override void Check(ParseResult arguments) => ReadOutput(arguments).RequireNew();

    protected sealed override async Task<int> RunAsync(
        RoomFile file, RoomClient client, ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var question = ReadQuestion(file.Contract, arguments) with { Where = Questions.ReadConditions(arguments, where) };
        if (arguments.GetValue(dryRun))
        {
            return await ForecastAsync(file.Contract, client, question, terminal, cancellation).ConfigureAwait(false);
        }
        if (arguments.GetValue(schedule) is { } name)
        {
            return await ScheduleAsync(
                file, client, new ScheduledQuestion
                {
                    Name = name, Question = question, Times = arguments.GetValue(times)!.Value,
                    Days = arguments.GetValue(every) ?? ScheduledQuestion.FindDays(question, file.Contract),
                }, terminal, cancellation).ConfigureAwait(false);
        }
        var output = ReadOutput(arguments) with { Costs = ReadCosts(file.Contract, arguments) };
        return output.Show(await client.AskAsync(question, cancellation).ConfigureAwait(false), file.Contract, terminal);
    }

    private static async Task<int> ScheduleAsync(
        RoomFile file, RoomClient client, ScheduledQuestion question, Terminal terminal, CancellationToken cancellation)
    {
        var added = await ScheduleOrder.AddAsync(file, client, question, cancellation).ConfigureAwait(false);
        terminal.Show(added, RoomsJson.Default.ScheduleOrderResult, people =>
        {
            people.WriteLine(
                $"'{added.Name}' is scheduled: {added.Question}, once in {Format.Count(added.EveryDays, "day")}, "
                + $"{Format.Count(added.Times, "answer")}");
            foreach (var line in added.DescribePrice())
            {
                people.WriteLine(line);
            }
            people.WriteLine($"nothing was asked; each day: guardian room schedule run {file.Path}");
        });
        return ExitCode.Done;
    }

    private static async Task<int> ForecastAsync(
        RoomContract contract, RoomClient client, Question question, Terminal terminal, CancellationToken cancellation)
    {
        var forecast = await ForecastView.ReadAsync(contract, client, question, cancellation).ConfigureAwait(false);
        terminal.Show(forecast, RoomsJson.Default.QuestionForecast, people => ForecastView.Show(people, forecast));
        return forecast.Refusal is null ? ExitCode.Done : ExitCode.Refused;
    }

    /// <summary>Reads the question without its conditions.</summary>
    /// <exception cref="RefusedException">The contract leaves open what is asked.</exception>
    protected abstract Question ReadQuestion(RoomContract contract, ParseResult arguments);

    /// <summary>Reads the costs of a campaign before anything is asked; null where a command takes none.</summary>
    /// <exception cref="RefusedException">They do not fit the contract.</exception>
    protected virtual CampaignCosts? ReadCosts(RoomContract contract, ParseResult arguments) => null;

    private StatementOutput ReadOutput(ParseResult arguments) => new(
        arguments.GetValue(output), arguments.GetValue(html), arguments.GetValue(csv));
}
