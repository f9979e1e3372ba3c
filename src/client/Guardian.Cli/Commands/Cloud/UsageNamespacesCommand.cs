using System.CommandLine;
using System.Globalization;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;
using Guardian.Metering;

namespace Guardian.Cli.Commands.Cloud;

/// <summary><c>guardian usage namespaces</c>.</summary>
internal sealed class UsageNamespacesCommand : CliCommand
{
    private static readonly string[] Titles = ["namespace", "pods", "EPC MiB-hours"];

    private readonly UsageOptions options = new();
    private readonly Option<bool> csv = Csv.CreateOption();

    public UsageNamespacesCommand() : base(
        "namespaces", "Show the EPC that the namespaces of a Kubernetes cluster held, from the journals of its nodes.") =>
        AddSymbols([.. options.All, csv]);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var (start, end) = options.ReadPeriod(arguments);
        var timelines = await options.ReadTimelinesAsync(arguments, cancellation).ConfigureAwait(false)
            ?? throw CliReasons.NoJournal.Refuse("the usage of namespaces is made from the journals of nodes, and none is given");
        var usages = timelines.Values.Select(pod => (pod.Project, Epc: EpcUsage.SumRunning(pod, start, end))).Where(pod => pod.Epc > 0)
            .GroupBy(pod => pod.Project ?? "").OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new NamespaceUsage(group.Key, group.Count(), decimal.Round(group.Sum(pod => pod.Epc), 2))).ToList();
        string[][] rows =
        [
            .. usages.Select(usage => (string[])[
                usage.Namespace, $"{usage.Pods}", usage.EpcMebibyteHours.ToString("0.00", CultureInfo.InvariantCulture)]),
        ];
        if (arguments.GetValue(csv))
        {
            Csv.Write(Titles, rows);
            return ExitCode.Done;
        }
        terminal.Show(new UsageNamespacesResult(start, end, usages), CloudJson.Default.UsageNamespacesResult, people =>
        {
            people.WriteLine($"{UsageResult.DescribePeriod(start, end)}:");
            var table = new TextTable().AddTextColumns(Titles[0]).AddNumberColumns(Titles[1], Titles[2]);
            foreach (var row in rows)
            {
                table.AddRow(row);
            }
            people.WriteTable(table);
        });
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>usage namespaces</c>.</summary>
/// <param name="Start">The start of the period.</param>
/// <param name="End">Its end, not included.</param>
/// <param name="Namespaces">The namespaces that held EPC.</param>
internal sealed record UsageNamespacesResult(DateTimeOffset Start, DateTimeOffset End, IReadOnlyList<NamespaceUsage> Namespaces);

/// <summary>The EPC that a namespace held.</summary>
/// <param name="Namespace">Its name.</param>
/// <param name="Pods">Its pods with EPC.</param>
/// <param name="EpcMebibyteHours">MiB times hours.</param>
internal sealed record NamespaceUsage(string Namespace, int Pods, decimal EpcMebibyteHours);
