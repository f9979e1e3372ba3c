using System.Text.Json.Nodes;
using Guardian.ComputeHost.Checks;

namespace Guardian.Cli.Commands;

/// <summary>Shows the findings of a check.</summary>
internal static class FindingsView
{
    public static void Show(Terminal terminal, CheckReport report, string fit, string unfit)
    {
        var json = new JsonObject
        {
            ["fit"] = report.IsFit,
            ["findings"] = new JsonArray([.. report.Findings.Select(finding => new JsonObject
            {
                ["id"] = finding.Id,
                ["status"] = Word(finding.Status),
                ["what"] = finding.What,
                ["why"] = finding.Why,
                ["remedy"] = finding.Remedy,
            })]),
        };
        terminal.Show(json, people =>
        {
            // People copy these commands, so they must not wrap.
            var output = people.Profile.Out.Writer;
            foreach (var finding in report.Findings)
            {
                output.WriteLine($"{Word(finding.Status),-8} {finding.What}");
                if (finding.Status != FindingStatus.Ok && finding.Why is not null)
                {
                    output.WriteLine($"           why:  {finding.Why}");
                }
                if (finding.Status != FindingStatus.Ok && finding.Remedy is not null)
                {
                    output.WriteLine($"           fix:  {finding.Remedy}");
                }
            }
            output.WriteLine(report.IsFit ? fit : unfit);
        });
    }

    private static string Word(FindingStatus status) => status.ToString().ToLowerInvariant();
}
