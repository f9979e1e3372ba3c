using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.OpenStack.Session;

namespace Guardian.Cli.Commands.Cloud;

/// <summary><c>guardian usage show</c>.</summary>
internal sealed class UsageShowCommand : CliCommand
{
    private readonly Option<string?> project = UsageOptions.CreateProject();
    private readonly UsageOptions options = new();
    private readonly Option<string?> cloud = CloudOptions.Create();
    private readonly Option<bool> csv = Csv.CreateOption();

    public UsageShowCommand() : base("show", "Show one project's usage; ends with 1 if a host of --all-nodes does not give its journal.") =>
        AddSymbols([project, .. options.AllWithCloud, cloud, csv]);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        using var session = CloudOptions.Connect(arguments.GetValue(cloud));
        var usage = await new UsageReader(options, arguments, terminal, session, cancellation).ReadProjectAsync(arguments.GetValue(project))
            .ConfigureAwait(false);
        if (arguments.GetValue(csv))
        {
            Csv.Write(["Project", .. UsageResult.Titles], [[usage.Project, .. usage.ToTexts()]]);
            return usage.ExitCode;
        }
        terminal.Show(usage, CloudJson.Default.UsageResult, people =>
        {
            people.WriteLine($"{UsageResult.DescribePeriod(usage.Start, usage.End)} on project {usage.Project}:");
            var table = new TextTable(TableFrame.Ascii).AddTextColumns("Field", "Value");
            foreach (var (name, value) in UsageResult.Titles.Zip(usage.ToTexts()))
            {
                table.AddRow(name, value);
            }
            people.WriteTable(table);
        });
        return usage.ExitCode;
    }
}
