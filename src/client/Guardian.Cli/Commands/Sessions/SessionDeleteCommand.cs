using System.CommandLine;
using Guardian.Cas.Client.Connection;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Sessions;

/// <summary><c>guardian session delete</c>.</summary>
internal sealed class SessionDeleteCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithOption();
    private readonly Argument<string> name = new("NAME") { Description = "The session's name. It is never used again." };
    private readonly Option<string[]> signatures = new("--signatures")
    {
        Description = "File of signatures by 'guardian session sign-deletion', where the rule requires them; repeatable.",
        HelpName = "FILE",
    };

    public SessionDeleteCommand() : base(
        "delete",
        "Delete a session with its secrets, its volumes' keys and its tags. Enough owners of the CAS delete any, with all below it.") =>
        AddSymbols([name, .. cas.All, signatures]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsync(arguments, async client =>
    {
        var session = arguments.GetRequiredValue(name);
        var given = SessionDocumentFile.ReadSignatures(arguments.GetValue(signatures), "guardian session sign-deletion");
        await client.DeleteAsync(session, given, cancellation).ConfigureAwait(false);
        terminal.Show(
            new SessionDeleteResult(session), SessionsJson.Default.SessionDeleteResult, people =>
                people.WriteLine($"{session} is deleted"));
        return ExitCode.Done;
    });
}

/// <summary>The result of <c>session delete</c>.</summary>
internal sealed record SessionDeleteResult(string Name);
