using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;
using Guardian.OpenStack.Setup;

namespace Guardian.Cli.Commands.Cloud;

/// <summary><c>guardian cloud capacity</c>.</summary>
internal sealed class CloudCapacityCommand : CliCommand
{
    private readonly Option<string?> cloud = CloudOptions.Create();

    public CloudCapacityCommand() : base(
        "capacity", "Forecast how many servers of each flavor with EPC still fit on the hosts that take new guests.") => AddSymbols(cloud);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        using var session = CloudOptions.Connect(arguments.GetValue(cloud));
        var flavors = await new CloudCapacity(new PlacementClient(session), new NovaClient(session)).ReadAsync(cancellation)
            .ConfigureAwait(false);
        var result = new CloudCapacityResult(
            [.. flavors.Select(flavor => new CapacityResult(flavor.Flavor, flavor.Mebibytes, flavor.Servers, flavor.Hosts))]);
        terminal.Show(result, CloudJson.Default.CloudCapacityResult, people =>
        {
            var table = new TextTable(TableFrame.Ascii).AddTextColumns("Flavor").AddNumberColumns("EPC MiB", "Servers", "Hosts");
            foreach (var flavor in result.Flavors)
            {
                table.AddRow(
                    flavor.Flavor, Format.Number(flavor.Mebibytes), Format.Number(flavor.Servers), Format.Number(flavor.Hosts));
            }
            people.WriteTable(table);
        });
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>cloud capacity</c>.</summary>
internal sealed record CloudCapacityResult(IReadOnlyList<CapacityResult> Flavors);

/// <summary>A flavor with EPC.</summary>
/// <param name="Servers">The servers of it that still fit, if nothing else is created.</param>
/// <param name="Hosts">The hosts that take at least one of them.</param>
internal sealed record CapacityResult(string Flavor, long Mebibytes, long Servers, int Hosts);
