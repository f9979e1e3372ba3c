using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.ComputeHost.Configuration;
using Guardian.ComputeHost.Guests;
using Guardian.ComputeHost.Machine;
using Guardian.Metering;
using Guardian.OpenStack;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Nodes;

/// <summary><c>guardian vm verify</c>.</summary>
internal sealed class VmVerifyCommand : CliCommand
{
    private readonly NodeOptions options = new();
    private readonly Option<string?> textFile = new("--textfile")
    {
        Description = "Also write the counts for Prometheus, in a file of node_exporter's textfile collector; replaced if it exists.",
        HelpName = "FILE",
    };
    private readonly Argument<Guid?> instance = new("INSTANCE")
    {
        Description = "The server's identifier. Without it, every running guest with EPC or TDX.",
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = ParseInstance,
    };

    public VmVerifyCommand() : base(
        "verify",
        "Verify that guests have the EPC and the TDX that were claimed for them: their mapped EPC equals the claim, and what they had "
        + "before.") =>
        AddSymbols(instance, options.Configuration, textFile);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var configuration = options.Read(arguments);
        var wanted = arguments.GetValue(instance);
        using var session = TryConnect(configuration.Cloud, terminal);
        var claims = session is null ? null : new EpcClaims(new PlacementClient(session));
        var known = KnownEpc.Read(configuration.Journal);
        var host = new HostName(configuration.Host, configuration.Upstream).Refresh();
        if (known is null)
        {
            terminal.Note($"compared without the EPC that guests had before: no journal is readable at {configuration.Journal}");
        }
        var states = await GuestVerifier.ReadAsync(
            configuration.Upstream, claims is null ? null : server =>
                claims.ReadAsync(server, host, cancellation),
            known is null ? null : known.FindMebibytes, wanted).ConfigureAwait(false);
        if (wanted is not null && states.Count == 0)
        {
            throw CliReasons.NotRunning.Refuse($"{wanted} does not run on this host");
        }
        if (arguments.GetValue(textFile) is { } path)
        {
            WriteCounts(path, host, states);
        }
        var result = new VmVerifyResult(states.All(state => state.Problem is null), [.. states.Select(GuestResult.Of)]);
        terminal.Show(result, NodesJson.Default.VmVerifyResult, people =>
        {
            foreach (var guest in result.Guests)
            {
                people.WriteLine(guest.Verified
                    ? $"ok      {guest.Instance} {guest.Name}: {Describe(guest)}"
                        + $"{(guest.ClaimedKiB is null ? " as defined" : ", as claimed")}"
                    : $"wrong   {guest.Instance} {guest.Name}: {guest.Problem}");
            }
            if (result.Guests.Count == 0)
            {
                people.WriteLine("no guest with EPC or TDX runs here");
            }
        });
        return result.Verified ? ExitCode.Done : ExitCode.Refused;
    }

    private static string Describe(GuestResult guest) => guest.Tdx
        ? "runs with TDX"
        : $"{Format.Number(guest.DefinedKiB)} KiB of EPC mapped";

    // node_exporter may read at any moment, so the file is replaced as a whole.
    private static void WriteCounts(string path, string host, IReadOnlyList<GuestEpcState> states)
    {
        var labels = $"{{host=\"{host}\"}}";
        var text = string.Create(CultureInfo.InvariantCulture, $"""
            # HELP guardian_verify_timestamp_seconds The last time at which guardian vm verify compared all guests.
            # TYPE guardian_verify_timestamp_seconds gauge
            guardian_verify_timestamp_seconds{labels} {TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()}
            # HELP guardian_verify_guests Running guests that have EPC or TDX, or should have it.
            # TYPE guardian_verify_guests gauge
            guardian_verify_guests{labels} {states.Count}
            # HELP guardian_verify_wrong_guests Guests whose EPC or TDX is not what was claimed for them.
            # TYPE guardian_verify_wrong_guests gauge
            guardian_verify_wrong_guests{labels} {states.Count(state => state.Problem is not null)}

            """);
        if (File.Exists(path))
        {
            OutputFile.Replace(path, Encoding.UTF8.GetBytes(text));
        }
        else
        {
            OutputFile.Write(path, text);
        }
    }

    private static CloudSession? TryConnect(string? cloud, Terminal terminal)
    {
        try
        {
            return CloudOptions.Connect(cloud);
        }
        catch (RefusedException failure) when (failure.Refusal.Reason == CloudReasons.Settings && cloud is null)
        {
            terminal.Note("compared with libvirt's definitions alone: no cloud is configured that knows the claims");
            return null;
        }
    }

    private static Guid? ParseInstance(ArgumentResult result)
    {
        if (result.Tokens.Count == 0)
        {
            return null;
        }
        if (Guid.TryParse(result.Tokens[0].Value, out var parsed))
        {
            return parsed;
        }
        result.AddError($"'{result.Tokens[0].Value}' is no server's identifier");
        return null;
    }
}

/// <summary>The result of <c>vm verify</c>.</summary>
internal sealed record VmVerifyResult(bool Verified, IReadOnlyList<GuestResult> Guests);

/// <summary>A running guest.</summary>
/// <param name="Instance">The server's identifier.</param>
/// <param name="Process">The process identifier of its QEMU; null, like its mapping, when it was not found.</param>
/// <param name="ClaimedKiB">Its claim; null when no cloud was asked.</param>
/// <param name="KnownKiB">The EPC that it had on this host under the same flavor; null when that is not known.</param>
/// <param name="Tdx">Whether its definition makes it a TDX guest.</param>
/// <param name="Problem">The difference; null when there is none.</param>
internal sealed record GuestResult(
    string Instance, string Name, int? Process, long? ClaimedKiB, long? KnownKiB, long DefinedKiB, long? MappedKiB, bool Tdx,
    bool Verified, string? Problem)
{
    public static GuestResult Of(GuestEpcState state) => new(
        state.Instance.ToString(), state.Name, state.Process, state.Claimed, state.Known, state.Defined, state.Mapped,
        state.Tdx.Defined, state.Problem is null, state.Problem);
}
