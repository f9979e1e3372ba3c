using System.CommandLine;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Sessions;

/// <summary><c>guardian session check</c>.</summary>
internal sealed class SessionCheckCommand : LocalCommand
{
    private readonly Argument<string> file = SessionDocumentFile.CreateArgument();
    private readonly TemplateOptions template = new();

    public SessionCheckCommand() : base("check", "Show every mistake of a session, and its hash.") => AddSymbols([file, .. template.All]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var (session, _) = template.Load(arguments, arguments.GetRequiredValue(file));
        return new SessionResult(session.Name, session.Hash).Show(terminal, "is a valid session");
    }
}
