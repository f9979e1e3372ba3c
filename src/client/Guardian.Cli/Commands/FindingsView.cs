using System.Text.Json.Nodes;
using Guardian.Node.Checks;

namespace Guardian.Cli.Commands;

/// <summary>Shows what a check found.</summary>
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
                ["mend"] = finding.Mend,
            })]),
        };
        terminal.Show(json, people =>
        {
            // Commands to copy must not be broken into lines.
            var output = people.Profile.Out.Writer;
            foreach (var finding in report.Findings)
            {
                output.WriteLine($"{Word(finding.Status),-8} {finding.What}");
                if (finding.Status != FindingStatus.Ok && finding.Why is not null)
                {
                    output.WriteLine($"           why:  {finding.Why}");
                }
                if (finding.Status != FindingStatus.Ok && finding.Mend is not null)
                {
                    output.WriteLine($"           mend: {finding.Mend}");
                }
            }
            output.WriteLine(report.IsFit ? fit : unfit);
        });
    }

    private static string Word(FindingStatus status) => status.ToString().ToLowerInvariant();
}
