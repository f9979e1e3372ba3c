using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Demo;

/// <summary><c>guardian demo</c>.</summary>
internal sealed class DemoCommand : CliCommand
{
    private readonly Option<string?> keep = new("--keep")
    {
        Description = "Leave keys, contract, data and state in this (new or empty) folder, to explore with the other commands.",
        HelpName = "DIR",
    };

    public DemoCommand() : base(
        "demo", "Play two partners with a real experiment on a simulated platform: no root, no SGX, nothing to install.") =>
            AddSymbols(keep);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var kept = arguments.GetValue(keep);
        if (kept is not null)
        {
            OutputFile.RequireNewOrEmptyFolder(kept);
        }
        var directory = kept is null ? Directory.CreateTempSubdirectory("guardian-demo-") : Directory.CreateDirectory(kept);
        try
        {
            using var story = new DemoStory(terminal, directory.FullName, isKept: kept is not null);
            return await story.RunAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            if (kept is null)
            {
                directory.Delete(recursive: true);
            }
        }
    }
}

/// <summary>The result of <c>demo</c>.</summary>
/// <param name="Overlap">The room's answers, as it wrote them.</param>
/// <param name="Withheld">Questions that the room refused, as it must.</param>
/// <param name="Differences">Figures that differ from a plain computation; none when all is well.</param>
/// <param name="ScannedBytes">Bytes on the host's disk that were searched for plain text.</param>
/// <param name="Kept">The folder that stays; null when everything is removed.</param>
internal sealed record DemoResult(
    string Platform, string ContractHash, JsonNode Overlap, JsonNode Crosstab, JsonNode Lift, int Withheld,
    IReadOnlyList<string> Differences, long ScannedBytes,
    double Seconds, string? Kept);

/// <summary>Source-generated JSON of this group's results.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DemoResult))]
internal sealed partial class DemoJson : JsonSerializerContext;
