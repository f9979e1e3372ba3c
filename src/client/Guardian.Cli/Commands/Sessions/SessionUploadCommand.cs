using System.CommandLine;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Sessions;

/// <summary>A command that sends a session to a CAS.</summary>
internal abstract class SessionUploadCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithOption();
    private readonly Argument<string> file = SessionDocumentFile.CreateArgument();
    private readonly TemplateOptions template = new();
    private readonly Option<string[]> signatures = new("--signatures")
    {
        Description = "File of signatures by 'guardian session sign', where the policy requires them; repeatable.",
        HelpName = "FILE",
    };

    protected SessionUploadCommand(string name, string description) : base(name, description) =>
        AddSymbols([file, .. cas.All, signatures, .. template.All]);

    protected sealed override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsync(arguments, client =>
    {
        var (session, bytes) = template.Load(arguments, arguments.GetRequiredValue(file));
        var given = SessionDocumentFile.ReadSignatures(arguments.GetValue(signatures), "guardian session sign");
        return SendAsync(client, session, bytes, given, terminal, cancellation);
    });

    protected abstract Task<int> SendAsync(
        CasClient client, SessionDocument session, byte[] bytes, IReadOnlyList<SessionSignature> signatures, Terminal terminal,
        CancellationToken cancellation);
}

/// <summary><c>guardian session create</c>.</summary>
internal sealed class SessionCreateCommand() : SessionUploadCommand("create", "Create a session in a CAS.")
{
    protected override async Task<int> SendAsync(
        CasClient client, SessionDocument session, byte[] bytes, IReadOnlyList<SessionSignature> signatures, Terminal terminal,
        CancellationToken cancellation)
    {
        var created = await client.CreateAsync(bytes, signatures, cancellation).ConfigureAwait(false);
        return new SessionResult(created.Name, created.Hash).Show(terminal, "is created");
    }
}

/// <summary><c>guardian session update</c>.</summary>
internal sealed class SessionUpdateCommand() : SessionUploadCommand(
    "update", "Replace a session. Its 'predecessor' must be the current hash.")
{
    protected override async Task<int> SendAsync(
        CasClient client, SessionDocument session, byte[] bytes, IReadOnlyList<SessionSignature> signatures, Terminal terminal,
        CancellationToken cancellation)
    {
        var updated = await client.UpdateAsync(session.Name, bytes, signatures, cancellation).ConfigureAwait(false);
        return new SessionResult(updated.Name, updated.Hash).Show(terminal, "is updated");
    }
}
