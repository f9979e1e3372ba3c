using System.CommandLine;
using Guardian.Cas.Client.Connection;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Sessions;

/// <summary><c>guardian session history</c>.</summary>
internal sealed class SessionHistoryCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithOption();
    private readonly Argument<string> name = new("NAME") { Description = "The session's name." };
    private readonly Option<string?> hash = new("--hash")
    {
        Description = "Print the text with this hash, as it was uploaded.",
        HelpName = "HEX",
    };

    public SessionHistoryCommand() : base("history", "List the former texts of a session, newest first, or print one of them.") =>
        AddSymbols([name, .. cas.All, hash]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsync(arguments, async client =>
    {
        var session = arguments.GetRequiredValue(name);
        if (arguments.GetValue(hash) is { } wanted)
        {
            var read = await client.ReadTextAsync(session, wanted, cancellation).ConfigureAwait(false);
            terminal.Show(new SessionReadResult(read.Name, read.Hash, read.Text), SessionsJson.Default.SessionReadResult, people =>
                people.Write(read.Text));
            return ExitCode.Done;
        }
        var history = await client.ReadHistoryAsync(session, cancellation).ConfigureAwait(false);
        var result = new SessionHistoryResult(
            history.Name, history.Hash, [.. history.Former.Select(text => new FormerTextResult(text.Hash, text.Until, text.By))]);
        terminal.Show(result, SessionsJson.Default.SessionHistoryResult, people =>
        {
            people.WriteLine($"{history.Hash} now");
            foreach (var text in history.Former)
            {
                people.WriteLine($"{text.Hash} until {text.Until}, replaced by {text.By}");
            }
        });
        return ExitCode.Done;
    });
}

/// <summary>The result of <c>session history</c>.</summary>
/// <param name="Hash">The hash of the present text.</param>
/// <param name="Former">The former texts, newest first.</param>
internal sealed record SessionHistoryResult(string Name, string Hash, IReadOnlyList<FormerTextResult> Former);

/// <summary>A former text.</summary>
/// <param name="Until">When it was replaced, RFC 3339.</param>
/// <param name="By">The hash of the key that replaced it.</param>
internal sealed record FormerTextResult(string Hash, string Until, string By);
