using System.CommandLine;
using System.Globalization;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.OpenStack.Session;

namespace Guardian.Cli.Commands.Cloud;

/// <summary><c>guardian usage servers</c>.</summary>
internal sealed class UsageServersCommand : CliCommand
{
    private static readonly string[] Titles = ["Server", "Name", "Flavor", "Hours", "EPC MB-Hours"];

    private readonly Option<string?> project = UsageOptions.CreateProject();
    private readonly UsageOptions options = new();
    private readonly Option<string?> cloud = CloudOptions.Create();
    private readonly Option<bool> csv = Csv.CreateOption();

    public UsageServersCommand() : base(
        "servers", "Show the usage of each server of a project; ends with 1 if a host of --all-nodes does not give its journal.") =>
        AddSymbols([project, .. options.AllWithCloud, cloud, csv]);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        using var session = CloudOptions.Connect(arguments.GetValue(cloud));
        var usage = await new UsageReader(options, arguments, terminal, session, cancellation).ReadProjectAsync(arguments.GetValue(project))
            .ConfigureAwait(false);
        string[][] rows =
        [
            .. usage.PerServer.Select(server => (string[])[
                server.Server.ToString(), server.Name, server.Flavor, server.Hours.ToString("F2", CultureInfo.InvariantCulture),
                server.EpcMebibyteHours.ToString("F2", CultureInfo.InvariantCulture)]),
        ];
        if (arguments.GetValue(csv))
        {
            Csv.Write(Titles, rows);
            return usage.ExitCode;
        }
        var result = new UsageServersResult(usage.Project, usage.Start, usage.End, usage.PerServer, usage.MissingHosts);
        terminal.Show(result, CloudJson.Default.UsageServersResult, people =>
        {
            people.WriteLine($"{UsageResult.DescribePeriod(usage.Start, usage.End)} of the servers of project {usage.Project}:");
            var table = new TextTable(TableFrame.Ascii).AddTextColumns(Titles);
            foreach (var row in rows)
            {
                table.AddRow(row);
            }
            people.WriteTable(table);
        });
        return usage.ExitCode;
    }
}
