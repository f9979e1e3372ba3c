using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;
using Guardian.ComputeHost.Checks;

namespace Guardian.Cli.Commands.Nodes;

/// <summary>The result of <c>node check</c> and <c>guest check</c>.</summary>
internal sealed record CheckResult(bool Fit, IReadOnlyList<FindingResult> Findings)
{
    /// <summary>Shows a report.</summary>
    /// <param name="fit">The last line when the machine is fit.</param>
    /// <param name="unfit">The last line when it is not.</param>
    /// <returns>The command's exit code.</returns>
    public static int Show(Terminal terminal, CheckReport report, string fit, string unfit)
    {
        var result = new CheckResult(report.IsFit, [.. report.Findings.Select(finding => new FindingResult(
            finding.Id, finding.Status.ToString().ToLowerInvariant(), finding.What, finding.Why, finding.Remedy))]);
        terminal.Show(result, NodesJson.Default.CheckResult, people =>
        {
            foreach (var finding in result.Findings)
            {
                people.WriteLine($"{finding.Status,-8} {finding.What}");
                if (finding.Status != "ok" && finding.Why is not null)
                {
                    people.WriteLine($"           why: {finding.Why}");
                }
                if (finding.Status != "ok" && finding.Remedy is not null)
                {
                    people.WriteLine($"           fix: {finding.Remedy}");
                }
            }
            people.WriteLine(report.IsFit ? fit : unfit);
        });
        return report.IsFit ? ExitCode.Done : ExitCode.Refused;
    }
}

/// <summary>One finding of a check.</summary>
/// <param name="Id">A stable word.</param>
/// <param name="Status">A stable word; <c>failed</c> makes the machine unfit.</param>
/// <param name="What">The finding, in a sentence.</param>
/// <param name="Why">Why it matters; null when it needs no reason.</param>
/// <param name="Remedy">The step that fixes it; null when there is nothing to fix.</param>
internal sealed record FindingResult(string Id, string Status, string What, string? Why, string? Remedy);

/// <summary>Source-generated JSON of this group's results.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CheckResult))]
[JsonSerializable(typeof(InstallRuntimeResult))]
[JsonSerializable(typeof(ProviderFileResult))]
[JsonSerializable(typeof(VmVerifyResult))]
internal sealed partial class NodesJson : JsonSerializerContext;
