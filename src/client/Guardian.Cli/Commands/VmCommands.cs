using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json.Nodes;
using Guardian.ComputeHost.Configuration;
using Guardian.ComputeHost.Guests;
using Guardian.OpenStack;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;
using Guardian.Refusals;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian vm</c>: guests of this host.</summary>
internal static class VmCommands
{
    public static Command Create() => new("vm", "Look after the virtual machines of this host.") { CreateVerify() };

    private static Command CreateVerify()
    {
        var options = new NodeOptions();
        var instance = new Argument<Guid?>("INSTANCE") { Description = "The server's identifier; without it, every running guest with EPC.", Arity = ArgumentArity.ZeroOrOne, CustomParser = ParseInstance };
        var verify = new Command("verify", "Verify that guests have the EPC that was claimed for them: the mappings of their QEMU equal the claim.") { instance };
        options.AddTo(verify);
        verify.Runs(async (arguments, terminal, cancellation) =>
        {
            var configuration = options.Read(arguments);
            using var session = TryConnect(configuration.Cloud, terminal);
            var claims = session is null ? null : new EpcClaims(new PlacementClient(session));
            var states = await GuestVerifier.ReadAsync(
                configuration.Upstream,
                claims is null ? null : server => claims.ReadAsync(server, configuration.Host, cancellation),
                arguments.GetValue(instance)).ConfigureAwait(false);
            if (arguments.GetValue(instance) is { } wanted && states.Count == 0)
            {
                throw new CliException(ExitCode.Refused, "not-running", $"{wanted} does not run on this host", hint: "openstack server show tells on which host it runs");
            }
            Show(terminal, states);
            return states.All(state => state.Problem is null) ? ExitCode.Done : ExitCode.Refused;
        });
        return verify;
    }

    private static CloudSession? TryConnect(string? cloud, Terminal terminal)
    {
        try
        {
            return CloudCommands.Connect(cloud);
        }
        catch (RefusedException failure) when (failure.Refusal.Reason == CloudReasons.Settings && cloud is null)
        {
            terminal.Note("compared with libvirt's definitions alone: no cloud is given to ask for claims");
            return null;
        }
    }

    private static void Show(Terminal terminal, IReadOnlyList<GuestEpcState> states)
    {
        var json = new JsonArray([.. states.Select(state => new JsonObject
        {
            ["instance"] = state.Instance.ToString(),
            ["name"] = state.Name,
            ["process"] = state.Process,
            ["claimedKiB"] = state.Claimed,
            ["definedKiB"] = state.Defined,
            ["mappedKiB"] = state.Mapped,
            ["verified"] = state.Problem is null,
            ["problem"] = state.Problem,
        })]);
        terminal.Show(new JsonObject { ["verified"] = states.All(state => state.Problem is null), ["guests"] = json }, people =>
        {
            foreach (var state in states)
            {
                people.WriteLine(state.Problem is null
                    ? $"ok      {state.Instance} {state.Name}: {Terminal.Number(state.Defined)} KiB of EPC mapped{(state.Claimed is null ? " as defined" : ", as claimed")}"
                    : $"wrong   {state.Instance} {state.Name}: {state.Problem}");
            }
            if (states.Count == 0)
            {
                people.WriteLine("no guest with EPC runs here");
            }
        });
    }

    private static Guid? ParseInstance(ArgumentResult result)
    {
        if (result.Tokens.Count == 0)
        {
            return null;
        }
        if (Guid.TryParse(result.Tokens[0].Value, out var instance))
        {
            return instance;
        }
        result.AddError($"'{result.Tokens[0].Value}' is no server's identifier");
        return null;
    }
}
