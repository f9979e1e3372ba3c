using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Sessions;

/// <summary><c>guardian session verify</c>.</summary>
internal sealed class SessionVerifyCommand : LocalCommand
{
    private readonly Argument<string> file = SessionDocumentFile.CreateArgument();
    private readonly TemplateOptions template = new();
    private readonly Argument<string> hash = new("HASH") { Description = "The hash that a CAS, a contract or another person names." };

    public SessionVerifyCommand() : base("verify", "Say whether a session has a hash; needs no CAS.") =>
        AddSymbols([file, hash, .. template.All]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var path = arguments.GetRequiredValue(file);
        var (session, _) = template.Load(arguments, path);
        return session.Hash == arguments.GetRequiredValue(hash)
            ? new SessionResult(session.Name, session.Hash).Show(terminal, "is the session with that hash")
            : throw CliReasons.OtherSession.Refuse($"{path} is another session: its hash is {session.Hash}");
    }
}
