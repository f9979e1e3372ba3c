using System.CommandLine;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary>A command that sends a decision to a CAS, a file, with the signatures of its owners.</summary>
internal abstract class OwnersDecisionCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithArgument("Your key, as an owner.", mayDefault: false);
    private readonly Argument<string> file;
    private readonly Option<string[]> signatures;
    private readonly string signCommand;

    /// <param name="signCommand">The command that makes the signatures.</param>
    protected OwnersDecisionCommand(string name, string description, Argument<string> file, string signCommand)
        : base(name, description)
    {
        this.file = file;
        this.signCommand = signCommand;
        signatures = new Option<string[]>("--signatures")
        {
            Description = $"File of signatures by '{signCommand}'; repeatable. Your own key counts without one.",
            HelpName = "FILE",
        };
        AddSymbols([.. cas.All, file, signatures]);
    }

    protected sealed override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsync(arguments, async client =>
    {
        var given = SessionDocumentFile.ReadSignatures(arguments.GetValue(signatures), signCommand);
        await SendAsync(client, arguments.GetRequiredValue(file), given, terminal, cancellation).ConfigureAwait(false);
        return ExitCode.Done;
    });

    /// <summary>Reads the decision, sends it, and shows the result.</summary>
    protected abstract Task SendAsync(
        CasClient client, string path, IReadOnlyList<SessionSignature> given, Terminal terminal, CancellationToken cancellation);
}
