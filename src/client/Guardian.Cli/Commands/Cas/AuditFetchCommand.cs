using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas audit fetch</c>.</summary>
internal sealed class AuditFetchCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithArgument("Your key, by which the CAS knows you.");
    private readonly Option<string> output = new("--output")
    {
        Description = "The file to write: one line for each entry, and the signed end.",
        Required = true,
        HelpName = "FILE",
    };

    public AuditFetchCommand() : base(
        "fetch", "Verify the whole log and write it to a file. Keep it: an older log later proves that a CAS was rolled back.") =>
        AddSymbols([.. cas.All, output]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsync(arguments, async client =>
    {
        var path = arguments.GetRequiredValue(output);
        OutputFile.RequireNew(path);
        var partial = $"{path}.partial";
        OutputFile.RequireNew(partial);
        var lines = new List<string>();
        string head;
        try
        {
            head = await AuditReading.ReadAsync(client, cas.ReadPolicy(arguments), (_, line, _) => lines.Add(line), cancellation)
                .ConfigureAwait(false);
        }
        catch (RefusedException refused) when (lines.Count > 0)
        {
            OutputFile.Write(partial, string.Concat(lines.Select(line => $"{line}\n")));
            throw new RefusedException(refused.Refusal with { Detail = $"{refused.Message}; {partial} has the verified lines" }, refused);
        }
        OutputFile.Write(path, string.Concat(lines.Select(line => $"{line}\n")) + head + "\n");
        terminal.Show(
            new AuditFetchResult(path, lines.Count), CasResultsJson.Default.AuditFetchResult,
            people => people.WriteLine($"wrote {lines.Count} entries to {path}"));
        return ExitCode.Done;
    });
}

/// <summary>The result of <c>cas audit fetch</c>.</summary>
internal sealed record AuditFetchResult(string File, int Entries);
