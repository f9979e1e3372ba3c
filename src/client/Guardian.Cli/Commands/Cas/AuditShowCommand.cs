using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas audit show</c>.</summary>
internal sealed class AuditShowCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithArgument("Your key, by which the CAS knows you.");

    public AuditShowCommand() : base(
        "show", "Print the log, each line after it was verified. Entries that you may not read show their time and event alone.") =>
        AddSymbols(cas.All);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsync(arguments, async client =>
    {
        await AuditReading.ReadAsync(client, cas.ReadPolicy(arguments), (entry, _, detail) =>
        {
            var text = detail is null
                ? "(not yours to read)"
                : $"{detail.Subject} by {detail.By}{(detail.Text.Length > 0 ? $": {detail.Text}" : "")}";
            terminal.Show(
                new AuditEntryResult(entry.Sequence, entry.Time, entry.Event, detail?.Subject, detail?.By, detail?.Text),
                CasResultsJson.Default.AuditEntryResult,
                people => people.WriteLine($"{entry.Sequence,6} {entry.Time} {entry.Event,-18} {text}"));
        }, cancellation).ConfigureAwait(false);
        return ExitCode.Done;
    });
}

/// <summary>One line of <c>cas audit show --json</c>. The last three are null for entries that the caller may not read.</summary>
internal sealed record AuditEntryResult(long Sequence, string Time, string Event, string? Subject, string? By, string? Text);
