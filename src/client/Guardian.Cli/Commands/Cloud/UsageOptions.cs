using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Metering;
using Guardian.OpenStack.Session;
using Guardian.Refusals;
using InstanceTimelines = System.Collections.Generic.IReadOnlyDictionary<System.Guid, Guardian.Metering.InstanceTimeline>;

namespace Guardian.Cli.Commands.Cloud;

/// <summary>The period of a usage command, and the journals from which it counts.</summary>
internal sealed class UsageOptions
{
    private readonly NodeDownloads downloads = new();
    private readonly NodeFleet fleet;
    private readonly Option<DateTimeOffset?> start = new("--start")
    {
        Description = "The first day, UTC. Without it, four weeks ago.",
        CustomParser = Instants.ParseDay,
        HelpName = "YYYY-MM-DD",
    };
    private readonly Option<DateTimeOffset?> end = new("--end")
    {
        Description = "The day after the last, UTC. Without it, tomorrow.",
        CustomParser = Instants.ParseDay,
        HelpName = "YYYY-MM-DD",
    };
    private readonly Option<string[]> journals = new("--journal")
    {
        Description = "A host's journal, or a folder of journals; repeatable.",
        HelpName = "PATH",
    };
    private readonly Option<Uri[]> nodes = new("--node")
    {
        Description = "A host's daemon, https://host:port, that serves its journal; repeatable.",
        CustomParser = Addresses.ParseManyWeb,
        HelpName = "ADDRESS",
    };

    public UsageOptions() => fleet = new NodeFleet(downloads);

    public IReadOnlyList<Option> All => [start, end, journals, nodes, .. downloads.All];

    /// <summary>The options of commands that have a cloud, which knows all hosts.</summary>
    public IReadOnlyList<Option> AllWithCloud => [.. All, fleet.Option];

    /// <summary>The option that names a project.</summary>
    public static Option<string?> CreateProject() => new("--project")
    {
        Description = "The project, by name or identifier. Without it, your own.",
        HelpName = "PROJECT",
    };

    /// <summary>Reads the period. Its defaults are those of the stock client.</summary>
    /// <exception cref="RefusedException">The period is empty.</exception>
    public (DateTimeOffset Start, DateTimeOffset End) ReadPeriod(ParseResult arguments)
    {
        var today = new DateTimeOffset(TimeProvider.System.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero);
        var (from, to) = (arguments.GetValue(start) ?? today.AddDays(-28), arguments.GetValue(end) ?? today.AddDays(1));
        return from < to ? (from, to) : throw CliReasons.BadPeriod.Refuse("the period ends before it starts");
    }

    /// <summary>Reads the journals that the user names one by one.</summary>
    /// <returns>The timeline of each server; null when the user names no journal.</returns>
    /// <exception cref="RefusedException">A journal is missing. Without one host's hours the sum would be wrong, not
    /// incomplete.</exception>
    public async Task<InstanceTimelines?> ReadTimelinesAsync(
        ParseResult arguments, CancellationToken cancellation) =>
        await ReadNamedAsync(arguments, cancellation).ConfigureAwait(false) is { } hosts ? Timeline.Merge(hosts) : null;

    /// <summary>Reads the journals that the user names, and those of all hosts when the user asks for them.</summary>
    /// <returns>The timeline of each server, null when the user names no journal; and the hosts that do not give theirs.</returns>
    /// <exception cref="RefusedException">A journal that is named is missing, or the cloud refused.</exception>
    public async Task<(InstanceTimelines? Timelines, IReadOnlyList<MissingHost> Missing)> ReadTimelinesAsync(
        ParseResult arguments, CloudSession session, CancellationToken cancellation)
    {
        var named = await ReadNamedAsync(arguments, cancellation).ConfigureAwait(false);
        if (!fleet.IsWanted(arguments))
        {
            return (named is null ? null : Timeline.Merge(named), []);
        }
        var (from, _) = ReadPeriod(arguments);
        var answers = await fleet.AskAsync(
            arguments, session, (http, address, token) => DownloadAsync(http, address, from, token), cancellation).ConfigureAwait(false);
        return (
            Timeline.Merge([.. named ?? [], .. answers.Values.Select(answer => answer.Value).OfType<InstanceTimelines>()]),
            [.. answers.Where(answer => answer.Value.Refusal is not null).OrderBy(answer => answer.Key, StringComparer.Ordinal)
                .Select(answer => new MissingHost(answer.Key, answer.Value.Refusal!.Detail))]);
    }

    private async Task<List<InstanceTimelines>?> ReadNamedAsync(ParseResult arguments, CancellationToken cancellation)
    {
        var (files, addresses) = (arguments.GetValue(journals) ?? [], arguments.GetValue(nodes) ?? []);
        if (files.Length + addresses.Length == 0)
        {
            return null;
        }
        var (from, _) = ReadPeriod(arguments);
        var hosts = files.SelectMany(FindJournals)
            .Select(file => InputFile.Use(file, () => Timeline.Build(Journal.Read(file, from)))).ToList();
        using var http = downloads.Connect(arguments);
        foreach (var address in addresses)
        {
            hosts.Add(await DownloadAsync(http, address, from, cancellation).ConfigureAwait(false));
        }
        return hosts;
    }

    private static async Task<InstanceTimelines> DownloadAsync(
        HttpClient http, Uri address, DateTimeOffset from, CancellationToken cancellation) => Timeline.Build(Journal.Read(
            await NodeDownloads.DownloadJournalAsync(http, address, from, cancellation).ConfigureAwait(false), address.ToString()));

    private static IEnumerable<string> FindJournals(string path) =>
        !Directory.Exists(path) ? [path]
        : Journal.FindIn(path) is { Count: > 0 } found ? found
        : throw CliReasons.Io.Refuse($"there is no file *.journal in {path}");
}

/// <summary>A host whose journal a bill lacks: the hours that servers were on it are counted by their flavor, or not at all.</summary>
/// <param name="Problem">The reason.</param>
internal sealed record MissingHost(string Host, string Problem);
