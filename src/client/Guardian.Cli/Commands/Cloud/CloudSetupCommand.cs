using System.CommandLine;
using System.Globalization;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;
using Guardian.OpenStack.Setup;

namespace Guardian.Cli.Commands.Cloud;

/// <summary><c>guardian cloud setup</c>.</summary>
internal sealed class CloudSetupCommand : CliCommand
{
    // A newcomer can begin with these; operators name their own sizes with --flavor.
    private static readonly SgxFlavor[] UsualFlavors =
        [new("sgx.small", 1, 2048, 20, 64), new("sgx.medium", 2, 4096, 40, 256), new("sgx.large", 4, 8192, 80, 1024)];

    private readonly Option<string?> cloud = CloudOptions.Create();
    private readonly Option<string> aggregate = new("--aggregate")
    {
        Description = "The host aggregate of SGX hosts.",
        DefaultValueFactory = _ => "sgx",
        HelpName = "NAME",
    };
    private readonly Option<string[]> hosts = new("--host")
    {
        Description = "A compute host to put into the aggregate besides the hosts that publish EPC; repeatable.",
        HelpName = "HOST",
    };
    private readonly Option<string[]> flavors = new("--flavor")
    {
        Description = "A flavor to offer: name, vCPUs, RAM in MiB, disk in GiB, EPC in MiB; repeatable. Without it sgx.small, sgx.medium "
            + "and sgx.large.",
        HelpName = "NAME:VCPUS:RAM:DISK:EPC",
    };

    private readonly Option<string[]> tdxFlavors = new("--tdx-flavor")
    {
        Description = "A flavor of TDX guests to offer: name, vCPUs, RAM in MiB, disk in GiB; repeatable.",
        HelpName = "NAME:VCPUS:RAM:DISK",
    };

    public CloudSetupCommand() : base(
        "setup", "Make the resource class, traits, aggregate and flavors that SGX and TDX guests need. Running it again is harmless.") =>
        AddSymbols(cloud, aggregate, hosts, flavors, tdxFlavors);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var sgx = (arguments.GetValue(flavors) ?? []).Select(text => ParseFlavor(text, isTdx: false)).ToList();
        var tdx = (arguments.GetValue(tdxFlavors) ?? []).Select(text => ParseFlavor(text, isTdx: true)).ToList();
        using var session = CloudOptions.Connect(arguments.GetValue(cloud));
        var steps = await new CloudSetup(new PlacementClient(session), new NovaClient(session)).RunAsync(
            arguments.GetRequiredValue(aggregate), arguments.GetValue(hosts) ?? [], [.. sgx.Count > 0 ? sgx : [.. UsualFlavors], .. tdx],
            cancellation).ConfigureAwait(false);
        var result = new CloudSetupResult(
            [.. steps.Select(step => new SetupStepResult(step.What, step.State.ToString().ToLowerInvariant(), step.Detail))]);
        terminal.Show(result, CloudJson.Default.CloudSetupResult, people =>
        {
            foreach (var step in result.Steps)
            {
                people.WriteLine($"{step.State,-12} {step.What}{(step.Detail is null ? "" : $": {step.Detail}")}");
            }
        });
        if (steps.Any(step => step.State == SetupState.Changed))
        {
            terminal.Note("the schedulers keep plain guests off SGX hosts only with [scheduler] enable_isolated_aggregate_filtering = "
                + "true in their nova.conf");
        }
        return steps.Any(step => step.State == SetupState.Conflicting) ? ExitCode.Refused : ExitCode.Done;
    }

    private static SgxFlavor ParseFlavor(string text, bool isTdx)
    {
        var parts = text.Split(':');
        var count = isTdx ? 4 : 5;
        List<int> numbers = [.. parts.Skip(1)
            .Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1)];
        return parts.Length == count && parts[0].Length > 0 && numbers.All(number => number >= 0) && numbers[0] > 0 && numbers[1] > 0
            && (isTdx || numbers[3] > 0)
            ? new SgxFlavor(parts[0], numbers[0], numbers[1], numbers[2], isTdx ? 0 : numbers[3])
            : throw CliReasons.BadFlavor.Refuse($"'{text}' is no flavor");
    }
}

/// <summary>The result of <c>cloud setup</c>.</summary>
internal sealed record CloudSetupResult(IReadOnlyList<SetupStepResult> Steps);

/// <summary>A thing that the cloud needs.</summary>
/// <param name="What">The thing.</param>
/// <param name="State"><c>unchanged</c>, <c>changed</c> or <c>conflicting</c>.</param>
internal sealed record SetupStepResult(string What, string State, string? Detail);
