using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.OpenStack.Session;

namespace Guardian.Cli.Commands.Cloud;

/// <summary><c>guardian usage list</c>.</summary>
internal sealed class UsageListCommand : CliCommand
{
    private readonly UsageOptions options = new();
    private readonly Option<string?> cloud = CloudOptions.Create();
    private readonly Option<bool> csv = Csv.CreateOption();

    public UsageListCommand() : base(
        "list", "Show every project's usage; for administrators. Ends with 1 if a host of --all-nodes does not give its journal.") =>
        AddSymbols([.. options.AllWithCloud, cloud, csv]);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        using var session = CloudOptions.Connect(arguments.GetValue(cloud));
        var (usages, names) = await new UsageReader(options, arguments, terminal, session, cancellation).ReadAllAsync()
            .ConfigureAwait(false);
        string[][] rows =
            [.. usages.Select(usage => (string[])[names.GetValueOrDefault(usage.Project, usage.Project), .. usage.ToTexts()])];
        if (arguments.GetValue(csv))
        {
            Csv.Write(["Project", .. UsageResult.Titles], rows);
            return usages.Count == 0 ? ExitCode.Done : usages[0].ExitCode;
        }
        terminal.Show(new UsageListResult(usages), CloudJson.Default.UsageListResult, people =>
        {
            if (usages.Count > 0)
            {
                people.WriteLine($"{UsageResult.DescribePeriod(usages[0].Start, usages[0].End)}:");
            }
            var table = new TextTable(TableFrame.Ascii).AddTextColumns(["Project", .. UsageResult.Titles]);
            foreach (var row in rows)
            {
                table.AddRow(row);
            }
            people.WriteTable(table);
        });
        return usages.Count == 0 ? ExitCode.Done : usages[0].ExitCode;
    }
}
