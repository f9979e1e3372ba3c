using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json.Nodes;
using Guardian.Metering;
using Guardian.OpenStack;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;
using Guardian.Refusals;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian usage</c>: what projects used, enclave memory included. The figures beside it are Nova's own, over the same hours.</summary>
internal static class UsageCommands
{
    private static readonly string[] Columns = ["CPU Hours", "Disk GB-Hours", "EPC MB-Hours", "RAM MB-Hours", "Servers"];

    public static Command Create()
    {
        var options = new UsageOptions();
        return new Command("usage", "Show what projects used of a cloud, enclave memory included.") { CreateShow(options), CreateList(options), CreateDataframes(options) };
    }

    private static Command CreateShow(UsageOptions options)
    {
        var project = new Option<string?>("--project") { Description = "The project, by name or identifier. Without it, your own.", HelpName = "PROJECT" };
        var command = new Command("show", "Show one project's usage.") { project };
        options.AddTo(command, withCsv: true);
        command.Runs(async (arguments, terminal, cancellation) =>
        {
            using var session = CloudCommands.Connect(arguments.GetValue(options.Cloud));
            var nova = new NovaClient(session);
            var (start, end) = options.Period(arguments);
            var id = await FindProjectAsync(session, nova, arguments.GetValue(project), cancellation).ConfigureAwait(false);
            var usage = await nova.GetUsageAsync(id, start, end, cancellation).ConfigureAwait(false);
            var row = (await AddEpcAsync(options, arguments, terminal, nova, [usage], start, cancellation).ConfigureAwait(false))[0];
            if (arguments.GetValue(options.Csv))
            {
                WriteCsv(["Project", .. Columns], [[id, .. row.Texts]]);
                return ExitCode.Done;
            }
            terminal.Show(row.Json(start, end), people =>
            {
                people.WriteLine($"Usage from {start.UtcDateTime:yyyy-MM-dd} to {end.UtcDateTime:yyyy-MM-dd} on project {id}: ");
                var table = new Table().Border(TableBorder.Ascii2).AddColumns("Field", "Value");
                foreach (var (name, value) in Columns.Zip(row.Texts))
                {
                    table.AddRow(name, value);
                }
                people.Write(table);
            });
            return ExitCode.Done;
        });
        return command;
    }

    private static Command CreateList(UsageOptions options)
    {
        var command = new Command("list", "Show every project's usage; for administrators.");
        options.AddTo(command, withCsv: true);
        command.Runs(async (arguments, terminal, cancellation) =>
        {
            using var session = CloudCommands.Connect(arguments.GetValue(options.Cloud));
            var nova = new NovaClient(session);
            var (start, end) = options.Period(arguments);
            var usages = await nova.ListUsagesAsync(start, end, cancellation).ConfigureAwait(false);
            var rows = await AddEpcAsync(options, arguments, terminal, nova, usages, start, cancellation).ConfigureAwait(false);
            var names = (await nova.ListProjectsAsync(cancellation).ConfigureAwait(false)).ToDictionary(known => known.Id, known => known.Name);
            string Name(UsageRow row) => names.GetValueOrDefault(row.Project, row.Project);
            if (arguments.GetValue(options.Csv))
            {
                WriteCsv(["Project", .. Columns], rows.Select(row => (string[])[Name(row), .. row.Texts]));
                return ExitCode.Done;
            }
            terminal.Show(new JsonObject { ["projects"] = new JsonArray([.. rows.Select(row => row.Json(start, end))]) }, people =>
            {
                if (rows.Count > 0)
                {
                    people.WriteLine($"Usage from {start.UtcDateTime:yyyy-MM-dd} to {end.UtcDateTime:yyyy-MM-dd}: ");
                }
                var table = new Table().Border(TableBorder.Ascii2).AddColumns(["Project", .. Columns]);
                foreach (var row in rows)
                {
                    table.AddRow([Markup.Escape(Name(row)), .. row.Texts]);
                }
                people.Write(table);
            });
            return ExitCode.Done;
        });
        return command;
    }

    private static Command CreateDataframes(UsageOptions options)
    {
        var command = new Command("dataframes", "Print what running guests held, hour by hour, as CloudKitty takes it at POST /v2/dataframes.");
        options.AddTo(command, withCsv: false);
        command.Runs(async (arguments, terminal, cancellation) =>
        {
            var (start, end) = options.Period(arguments);
            var timelines = await options.ReadAsync(arguments, cancellation).ConfigureAwait(false);
            if (timelines is null)
            {
                throw new CliException(ExitCode.Usage, "no-journal", "dataframes are made from journals, and none is given", hint: "name hosts with --node ADDRESS, or files with --journal PATH");
            }
            var frames = Dataframes.Create(timelines.Values, start, end);
            terminal.Show(frames, people => people.Profile.Out.Writer.WriteLine(frames.ToJsonString()));
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task<string> FindProjectAsync(CloudSession session, NovaClient nova, string? wanted, CancellationToken cancellation)
    {
        if (wanted is null)
        {
            return await session.GetProjectAsync(cancellation).ConfigureAwait(false)
                ?? throw new CliException(ExitCode.Usage, "no-project", "your token is for no project", hint: "name one with --project");
        }
        try
        {
            var found = (await nova.ListProjectsAsync(cancellation).ConfigureAwait(false)).Where(project => project.Id == wanted || project.Name == wanted).ToList();
            return found switch
            {
                [var one] => one.Id,
                [] => throw new CliException(ExitCode.Refused, "no-project", $"there is no project '{wanted}'"),
                _ => throw new CliException(ExitCode.Usage, "ambiguous-project", $"{found.Count} projects are called '{wanted}'", hint: "give the identifier"),
            };
        }
        catch (RefusedException failure) when (failure.Refusal.Reason == CloudReasons.Forbidden)
        {
            // A member may see no list, but may ask for its own project by identifier.
            return wanted;
        }
    }

    private static async Task<IReadOnlyList<UsageRow>> AddEpcAsync(
        UsageOptions options, ParseResult arguments, Terminal terminal, NovaClient nova, IReadOnlyList<ProjectUsage> usages, DateTimeOffset start, CancellationToken cancellation)
    {
        var timelines = await options.ReadAsync(arguments, cancellation).ConfigureAwait(false);
        if (timelines is null)
        {
            terminal.Note("no journal is given, so EPC is counted by each server's present flavor, as Nova counts RAM; --node or --journal count every resize");
        }
        var flavors = (await nova.ListFlavorsAsync(cancellation).ConfigureAwait(false)).GroupBy(flavor => flavor.Name).ToDictionary(group => group.Key, group => Epc.ReadRequest(group.First().ExtraSpecs));
        var rows = new List<UsageRow>();
        foreach (var usage in usages)
        {
            var epc = 0m;
            foreach (var server in usage.ServerUsages!)
            {
                epc += timelines?.GetValueOrDefault(server.InstanceId) is { Sizes.Count: > 0 } timeline
                    ? await HeldAsync(nova, server, timeline, start, cancellation).ConfigureAwait(false)
                    : (decimal)server.Hours * flavors.GetValueOrDefault(server.Flavor);
            }
            rows.Add(new UsageRow(usage, epc));
        }
        return rows;
    }

    private static async Task<decimal> HeldAsync(NovaClient nova, ServerUsage server, InstanceTimeline timeline, DateTimeOffset start, CancellationToken cancellation)
    {
        var launched = new DateTimeOffset(DateTime.SpecifyKind(server.StartedAt, DateTimeKind.Utc));
        var counted = EpcUsage.FindCounted(timeline, start, launched, (decimal)server.Hours);
        var absences = ShelvedTime.FindAbsences(timeline, launched, counted);
        var released = absences.Count == 0
            ? []
            : ShelvedTime.FindReleased(absences, await nova.ListActionsAsync(server.InstanceId, cancellation).ConfigureAwait(false));
        return EpcUsage.SumHeld(timeline, counted, released);
    }

    // RFC 4180; names may hold commas and quotes.
    private static void WriteCsv(string[] header, IEnumerable<string[]> rows)
    {
        foreach (var row in rows.Prepend(header))
        {
            Console.Out.Write(string.Join(',', row.Select(cell => cell.AsSpan().ContainsAny(",\"\r\n") ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell)) + "\r\n");
        }
    }

    private sealed record UsageRow(ProjectUsage Usage, decimal EpcMebibyteHours)
    {
        public string Project => Usage.TenantId;

        /// <summary>In the order of <see cref="Columns"/>.</summary>
        public string[] Texts =>
        [
            Text(Usage.TotalVcpusUsage), Text(Usage.TotalLocalGbUsage), EpcMebibyteHours.ToString("F2", CultureInfo.InvariantCulture), Text(Usage.TotalMemoryMbUsage),
            Usage.ServerUsages!.Count.ToString(CultureInfo.InvariantCulture),
        ];

        public JsonObject Json(DateTimeOffset start, DateTimeOffset end) => new()
        {
            ["project"] = Project,
            ["start"] = start,
            ["end"] = end,
            ["cpuHours"] = Usage.TotalVcpusUsage,
            ["diskGigabyteHours"] = Usage.TotalLocalGbUsage,
            ["epcMebibyteHours"] = decimal.Round(EpcMebibyteHours, 6),
            ["ramMebibyteHours"] = Usage.TotalMemoryMbUsage,
            ["servers"] = Usage.ServerUsages!.Count,
        };

        private static string Text(double amount) => amount.ToString("F2", CultureInfo.InvariantCulture);
    }
}
