using System.CommandLine;
using System.Text.Json.Nodes;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;
using Guardian.OpenStack.Setup;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian cloud status</c>: who has how much enclave memory, and where claims and servers disagree.</summary>
internal static class CloudStatusCommand
{
    public static Command Create()
    {
        var cloud = CloudCommands.CloudOption();
        var command = new Command("status", "Show each host's enclave memory, and claims that fit no server; ends with 1 when there are any.") { cloud };
        command.Runs(async (arguments, terminal, cancellation) =>
        {
            using var session = CloudCommands.Connect(arguments.GetValue(cloud));
            var status = await new CloudStatus(new PlacementClient(session), new NovaClient(session)).ReadAsync(cancellation).ConfigureAwait(false);
            terminal.Show(Json(status), people => Show(people, status));
            return status.Drift.Count == 0 ? ExitCode.Done : ExitCode.Refused;
        });
        return command;
    }

    private static JsonObject Json(EpcStatus status) => new()
    {
        ["hosts"] = new JsonArray([.. status.Hosts.Select(host => new JsonObject
        {
            ["host"] = host.Host,
            ["state"] = host.State,
            ["healthy"] = host.IsHealthy,
            ["sections"] = host.Sections,
            ["totalMebibytes"] = host.Total,
            ["reservedMebibytes"] = host.Reserved,
            ["claimedMebibytes"] = host.Claimed,
            ["freeMebibytes"] = host.Free,
            ["largestFreeMebibytes"] = host.LargestFree,
            ["guests"] = host.Guests,
        })]),
        ["drift"] = new JsonArray([.. status.Drift.Select(drift => new JsonObject
        {
            ["consumer"] = drift.Consumer.ToString(),
            ["host"] = drift.Host,
            ["claimedMebibytes"] = drift.Claimed,
            ["expectedMebibytes"] = drift.Expected,
            ["problem"] = drift.Problem,
        })]),
    };

    private static void Show(IAnsiConsole people, EpcStatus status)
    {
        var table = new Table().Border(TableBorder.Ascii2);
        table.AddColumns("Host", "State", "Healthy", "Sections", "EPC MiB", "Reserved", "Claimed", "Free", "Largest", "Guests");
        foreach (var column in table.Columns.Skip(3))
        {
            column.Alignment = Justify.Right;
        }
        foreach (var host in status.Hosts)
        {
            table.AddRow(
                Markup.Escape(host.Host), host.State, host.IsHealthy ? "yes" : "no", Terminal.Number(host.Sections), Terminal.Number(host.Total), Terminal.Number(host.Reserved),
                Terminal.Number(host.Claimed), Terminal.Number(host.Free), Terminal.Number(host.LargestFree), Terminal.Number(host.Guests));
        }
        people.Write(table);
        people.WriteLine(status.Drift.Count == 0 ? "claims and servers agree" : "claims and servers disagree:");
        foreach (var drift in status.Drift)
        {
            people.WriteLine($"  {drift.Consumer} on {drift.Host ?? "an unknown host"}: claimed {drift.Claimed} MiB, expected {drift.Expected} MiB: {drift.Problem}");
        }
    }
}
