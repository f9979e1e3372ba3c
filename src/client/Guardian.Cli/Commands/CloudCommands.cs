using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Configuration;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;
using Guardian.OpenStack.Setup;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian cloud</c>: enclave memory as a resource of an OpenStack cloud.</summary>
internal static class CloudCommands
{
    // What a newcomer can begin with; an operator's own sizes come with --flavor.
    private static readonly SgxFlavor[] UsualFlavors = [new("sgx.small", 1, 2048, 20, 64), new("sgx.medium", 2, 4096, 40, 256), new("sgx.large", 4, 8192, 80, 1024)];

    public static Command Create() => new("cloud", "Make an OpenStack cloud ready for SGX guests, and look at its enclave memory.")
    {
        CreateSetup(),
        CloudStatusCommand.Create(),
    };

    /// <summary>The cloud to talk to; as with the stock client, variables do without.</summary>
    public static Option<string?> CloudOption() => new("--cloud") { Description = "A cloud of clouds.yaml. Without it OS_CLOUD, or OS_AUTH_URL and its companions.", HelpName = "NAME" };

    public static CloudSession Connect(string? cloud) => new(CloudSettings.Load(cloud, Environment.GetEnvironmentVariable), TimeProvider.System);

    private static Command CreateSetup()
    {
        var cloud = CloudOption();
        var aggregate = new Option<string>("--aggregate") { Description = "The host aggregate of SGX hosts.", DefaultValueFactory = _ => "sgx", HelpName = "NAME" };
        var hosts = new Option<string[]>("--host") { Description = "A compute host to put into the aggregate besides those that publish EPC; several may be given.", HelpName = "HOST" };
        var flavors = new Option<string[]>("--flavor")
        {
            Description = "A flavor to offer: name, vCPUs, RAM in MiB, disk in GiB, EPC in MiB; several may be given. Without it sgx.small, sgx.medium and sgx.large.",
            HelpName = "NAME:VCPUS:RAM:DISK:EPC",
        };
        var command = new Command("setup", "Make the resource class, traits, aggregate and flavors that SGX guests need; harmless when they are there.") { cloud, aggregate, hosts, flavors };
        command.Runs(async (arguments, terminal, cancellation) =>
        {
            var wanted = (arguments.GetValue(flavors) ?? []).Select(ParseFlavor).ToList();
            using var session = Connect(arguments.GetValue(cloud));
            var steps = await new CloudSetup(new PlacementClient(session), new NovaClient(session))
                .RunAsync(arguments.GetRequiredValue(aggregate), arguments.GetValue(hosts) ?? [], wanted.Count > 0 ? wanted : UsualFlavors, cancellation).ConfigureAwait(false);
            terminal.Show(
                new JsonObject { ["steps"] = new JsonArray([.. steps.Select(step => new JsonObject { ["what"] = step.What, ["state"] = Word(step.State), ["detail"] = step.Detail })]) },
                people =>
                {
                    foreach (var step in steps)
                    {
                        people.WriteLine($"{Word(step.State),-12} {step.What}{(step.Detail is null ? "" : $": {step.Detail}")}");
                    }
                });
            if (steps.Any(step => step.State == SetupState.Changed))
            {
                terminal.Note("the schedulers keep plain guests off SGX hosts only with [scheduler] enable_isolated_aggregate_filtering = true in their nova.conf");
            }
            return steps.Any(step => step.State == SetupState.Conflicting) ? ExitCode.Refused : ExitCode.Done;
        });
        return command;
    }

    private static string Word(SetupState state) => state.ToString().ToLowerInvariant();

    private static SgxFlavor ParseFlavor(string text)
    {
        var parts = text.Split(':');
        var numbers = parts.Skip(1).Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1).ToList();
        return parts.Length == 5 && parts[0].Length > 0 && numbers.All(number => number >= 0) && numbers[0] > 0 && numbers[1] > 0 && numbers[3] > 0
            ? new SgxFlavor(parts[0], numbers[0], numbers[1], numbers[2], numbers[3])
            : throw new CliException(ExitCode.Usage, "bad-flavor", $"'{text}' is no flavor", hint: "give name, vCPUs, RAM in MiB, disk in GiB and EPC in MiB, such as sgx.small:1:2048:20:64");
    }
}
