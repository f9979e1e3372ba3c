using System.Collections.Concurrent;
using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Metering;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;
using Guardian.OpenStack.Setup;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Cloud;

/// <summary>Asks the daemons of all hosts that publish EPC. A host that is away spoils nothing; the result names it.</summary>
internal sealed class NodeFleet
{
    private const string HostWord = "HOST";
    private const int Parallelism = 16;

    // One host that hangs must not hold a bill for longer.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly NodeDownloads downloads;

    private readonly Option<string?> template = new("--all-nodes")
    {
        Description =
            "Ask the daemons of all hosts that publish EPC, at the address that this gives when HOST is replaced by a host's name: "
            + "https://HOST:9471.",
        HelpName = "ADDRESS",
    };

    /// <param name="downloads">The options that say how daemons are asked.</param>
    public NodeFleet(NodeDownloads downloads)
    {
        this.downloads = downloads;
        template.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !IsTemplate(token.Value))
            {
                result.AddError($"'{token.Value}' is no address with {HostWord} in it: https://{HostWord}:9471");
            }
        });
    }

    /// <summary>The option that names the hosts.</summary>
    public Option Option => template;

    /// <summary>Whether the user asks for all hosts.</summary>
    public bool IsWanted(ParseResult arguments) => arguments.GetValue(template) is not null;

    /// <summary>Asks every host.</summary>
    /// <param name="arguments">The command line, with the option.</param>
    /// <param name="session">The cloud whose hosts are asked.</param>
    /// <param name="ask">Asks the daemon at an address.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The answer of each host, by the host's name.</returns>
    /// <exception cref="RefusedException">The cloud refused, or the token would travel in clear.</exception>
    public async Task<IReadOnlyDictionary<string, Outcome<T>>> AskAsync<T>(
        ParseResult arguments, CloudSession session, Func<HttpClient, Uri, CancellationToken, Task<T>> ask, CancellationToken cancellation)
        where T : class
    {
        var hosts = await new SgxHosts(new PlacementClient(session), new NovaClient(session)).ListAsync(cancellation).ConfigureAwait(false);
        var answers = new ConcurrentDictionary<string, Outcome<T>>();
        using var http = downloads.Connect(arguments);
        http.Timeout = Limit;
        var options = new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation };
        await Parallel.ForEachAsync(hosts, options, async (host, token) =>
        {
            try
            {
                var address = arguments.GetRequiredValue(template)!.Replace(HostWord, host, StringComparison.Ordinal);
                answers[host] = Uri.TryCreate(address, UriKind.Absolute, out var node)
                    ? await ask(http, node, token).ConfigureAwait(false)
                    : CliReasons.NoNode.Because($"{address} is no address");
            }
            catch (RefusedException failure) when (
                failure.Refusal.Reason == CliReasons.NoNode || failure.Refusal.Reason == MeteringReasons.DamagedJournal)
            {
                answers[host] = failure.Refusal;
            }
        }).ConfigureAwait(false);
        return answers.ToDictionary(StringComparer.Ordinal);
    }

    private static bool IsTemplate(string text) =>
        text.Contains(HostWord, StringComparison.Ordinal)
        && Uri.TryCreate(text.Replace(HostWord, "host", StringComparison.Ordinal), UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp);
}
