using System.CommandLine;
using Guardian.Cas.Client.Connection;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Sessions;

/// <summary><c>guardian session submit</c>.</summary>
internal sealed class SessionSubmitCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithOption(keyDescription: null);
    private readonly Argument<string> file = SessionDocumentFile.CreateArgument();
    private readonly Option<string> submission = SubmissionFile.CreateOption();
    private readonly Option<string[]> signatures = new("--signatures")
    {
        Description = "File of signatures by 'guardian session sign', where the policy requires them; repeatable.",
        HelpName = "FILE",
    };

    public SessionSubmitCommand() : base(
        "submit", "Bring a session that its author signed to a CAS, which creates or updates it. You need no key and get no rights.") =>
        AddSymbols([file, submission, .. cas.All, signatures]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsCourierAsync(arguments, async client =>
    {
        var (session, _) = SessionDocumentFile.Load(arguments.GetRequiredValue(file));
        var given = SessionDocumentFile.ReadSignatures(arguments.GetValue(signatures), "guardian session sign");
        var done = await client.SubmitAsync(
            session, SubmissionFile.Load(arguments.GetRequiredValue(submission)), given, cancellation).ConfigureAwait(false);
        return new SessionResult(done.Name, done.Hash).Show(terminal, "is in the CAS");
    });
}
