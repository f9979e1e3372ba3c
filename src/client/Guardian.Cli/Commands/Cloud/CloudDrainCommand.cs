using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Session;
using Guardian.OpenStack.Setup;

namespace Guardian.Cli.Commands.Cloud;

/// <summary><c>guardian cloud drain</c>.</summary>
internal sealed class CloudDrainCommand : CliCommand
{
    private const int MaxMinutes = 1440;

    private readonly Option<string?> cloud = CloudOptions.Create();
    private readonly Argument<string> host = new("HOST") { Description = "The host, as openstack hypervisor list shows it." };
    private readonly Option<int> minutes = new("--minutes")
    {
        Description = "The longest time that one server may take.",
        DefaultValueFactory = _ => 30,
        HelpName = "MINUTES",
    };
    private readonly Option<bool> isDry = new("--dry-run") { Description = "Only list the servers that would move." };

    public CloudDrainCommand() : base(
        "drain",
        "Take a host out of service: disable it, and move its servers with EPC or TDX away. Each restarts; ends with 1 if one stays.") =>
        AddSymbols(cloud, host, minutes, isDry);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        if (arguments.GetValue(minutes) is < 1 or > MaxMinutes)
        {
            throw CliReasons.Usage.Refuse($"--minutes takes 1 to {MaxMinutes}");
        }
        using var session = CloudOptions.Connect(arguments.GetValue(cloud));
        var drain = new HostDrain(new NovaClient(session), TimeProvider.System);
        var name = arguments.GetRequiredValue(host);
        var isOnlyListed = arguments.GetValue(isDry);
        var servers = isOnlyListed
            ? await drain.ListAsync(name, cancellation).ConfigureAwait(false)
            : await drain.RunAsync(
                name, TimeSpan.FromMinutes(arguments.GetValue(minutes)),
                server => terminal.Note($"{server.Name}: {server.Target ?? server.Problem}"), cancellation).ConfigureAwait(false);
        var result = new CloudDrainResult(
            name, !isOnlyListed,
            [.. servers.Select(server => new DrainedServerResult(
                server.Server.ToString(), server.Name, server.Mebibytes, server.Target, server.Problem))]);
        terminal.Show(result, CloudJson.Default.CloudDrainResult, people => Show(people, result));
        return servers.All(server => server.Problem is null) ? ExitCode.Done : ExitCode.Refused;
    }

    private static void Show(TextOutput people, CloudDrainResult result)
    {
        foreach (var server in result.Servers)
        {
            var outcome = server.Target is not null ? $"moved to {server.Target}" : server.Problem is not null
                ? $"stays: {server.Problem}" : "would move";
            var size = server.Mebibytes > 0 ? $"{server.Mebibytes} MiB" : "TDX";
            people.WriteLine($"{server.Server} {server.Name} ({size}): {outcome}");
        }
        people.WriteLine(result.Servers.Count == 0 ? $"no server on {result.Host} has EPC or TDX"
            : result.Servers.Any(server => server.Problem is not null) ? $"{result.Host} still has servers with EPC or TDX"
            : result.Disabled ? $"{result.Host} has no server with EPC or TDX any more" : $"{result.Servers.Count} servers would move");
        if (result.Disabled)
        {
            people.WriteLine($"put it into service again with: openstack compute service set --enable {result.Host} nova-compute");
        }
    }
}

/// <summary>The result of <c>cloud drain</c>.</summary>
/// <param name="Disabled">Whether the host gets no new servers any more; not with <c>--dry-run</c>.</param>
internal sealed record CloudDrainResult(string Host, bool Disabled, IReadOnlyList<DrainedServerResult> Servers);

/// <summary>A server with EPC or TDX that was on the host.</summary>
/// <param name="Mebibytes">Its EPC; 0 of a TDX guest.</param>
/// <param name="Target">Its new host; null when it stays.</param>
/// <param name="Problem">The reason why it stays; null when it moved.</param>
internal sealed record DrainedServerResult(string Server, string Name, long Mebibytes, string? Target, string? Problem);
