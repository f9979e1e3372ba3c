using System.CommandLine;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

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
        "fetch", "Write the whole log to a file. Keep it: an older log later proves that a CAS was rolled back.") =>
        AddSymbols([.. cas.All, output]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsync(arguments, async client =>
    {
        var path = arguments.GetRequiredValue(output);
        OutputFile.RequireNew(path);
        var (lines, head) = (new List<string>(), "");
        for (AuditPage page; (page = await client.ReadAuditAsync(lines.Count, cancellation).ConfigureAwait(false)).Lines.Count > 0
            || head.Length == 0;)
        {
            lines.AddRange(page.Lines);
            head = page.Head;
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
