using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Guardian.Metering;

namespace Guardian.Cli.Commands;

/// <summary>The period and the journals that usage is counted from.</summary>
internal sealed class UsageOptions
{
    // A year of a busy host is a few dozen megabytes.
    private const long MaxJournalSize = 1024L * 1024 * 1024;

    private static readonly string[] Formats = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ssK"];

    private readonly Option<DateTimeOffset?> start = new("--start") { Description = "The first day, UTC. Without it, four weeks ago.", CustomParser = Parse, HelpName = "YYYY-MM-DD" };
    private readonly Option<DateTimeOffset?> end = new("--end") { Description = "The day after the last, UTC. Without it, tomorrow.", CustomParser = Parse, HelpName = "YYYY-MM-DD" };
    private readonly Option<string[]> journals = new("--journal") { Description = "A host's journal, or a folder of them; several may be given.", HelpName = "PATH" };
    private readonly Option<Uri[]> nodes = new("--node") { Description = "A host's daemon, http://host:port, to ask for its journal; several may be given.", CustomParser = ParseNodes, HelpName = "ADDRESS" };

    public Option<string?> Cloud { get; } = CloudCommands.CloudOption();

    public Option<bool> Csv { get; } = new("--csv") { Description = "Print comma-separated values." };

    public void AddTo(Command command, bool withCsv)
    {
        foreach (var option in (Option[])[start, end, journals, nodes, .. withCsv ? (Option[])[Cloud, Csv] : []])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The period, whose defaults are the stock client's.</summary>
    public (DateTimeOffset Start, DateTimeOffset End) Period(ParseResult arguments)
    {
        var today = new DateTimeOffset(TimeProvider.System.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero);
        var (from, to) = (arguments.GetValue(start) ?? today.AddDays(-28), arguments.GetValue(end) ?? today.AddDays(1));
        return from < to ? (from, to) : throw new CliException(ExitCode.Usage, "bad-period", "the period ends before it starts");
    }

    /// <summary>What all the journals say together; null when none was given.</summary>
    public async Task<IReadOnlyDictionary<Guid, InstanceTimeline>?> ReadAsync(ParseResult arguments, CancellationToken cancellation)
    {
        var (files, addresses) = (arguments.GetValue(journals) ?? [], arguments.GetValue(nodes) ?? []);
        if (files.Length + addresses.Length == 0)
        {
            return null;
        }
        var hosts = files.SelectMany(file => Directory.Exists(file) ? JournalsIn(file) : [file])
            .Select(file => Timeline.Build(Journal.Read(file))).ToList();
        using var http = new HttpClient { MaxResponseContentBufferSize = MaxJournalSize };
        foreach (var address in addresses)
        {
            try
            {
                hosts.Add(Timeline.Build(Journal.Read(await http.GetByteArrayAsync(new Uri(address, "/v1/journal"), cancellation).ConfigureAwait(false), [], address.ToString())));
            }
            catch (Exception failure) when (failure is HttpRequestException || (failure is TaskCanceledException && !cancellation.IsCancellationRequested))
            {
                // Without one host's hours the sum would be wrong, not incomplete.
                throw new CliException(ExitCode.World, "no-node", $"{address} does not give its journal: {failure.Message}", hint: "guardian-node answers there when its configuration has meter.listen");
            }
        }
        return Timeline.Merge(hosts);
    }

    private static IEnumerable<string> JournalsIn(string folder) => Directory.GetFiles(folder, "*.journal") is { Length: > 0 } found
        ? found.Order(StringComparer.Ordinal)
        : throw new CliException(ExitCode.World, "no-journal", $"there is no file *.journal in {folder}");

    private static DateTimeOffset? Parse(ArgumentResult result)
    {
        if (DateTimeOffset.TryParseExact(result.Tokens[0].Value, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var instant))
        {
            return instant;
        }
        result.AddError($"'{result.Tokens[0].Value}' is no day; write it as 2026-01-31");
        return null;
    }

    private static Uri[] ParseNodes(ArgumentResult result)
    {
        var addresses = new List<Uri>();
        foreach (var token in result.Tokens)
        {
            if (Uri.TryCreate(token.Value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
            {
                addresses.Add(address!);
            }
            else
            {
                result.AddError($"'{token.Value}' is no address; write it as http://host:port");
            }
        }
        return [.. addresses];
    }
}
