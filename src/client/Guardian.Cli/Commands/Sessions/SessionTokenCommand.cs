using System.CommandLine;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Sessions;

/// <summary><c>guardian session token</c>.</summary>
internal sealed class SessionTokenCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithOption();
    private readonly Argument<string> service = new("SESSION/SERVICE") { Description = "The service that may start once." };
    private readonly Option<string?> output = new("--output")
    {
        Description = "File to write, readable by you alone. Without it, the token is printed.",
        HelpName = "FILE",
    };

    public SessionTokenCommand() : base(
        "token", "Issue a token that admits one start of a service, for 'guardian run --start-token FILE'.") =>
        AddSymbols([service, .. cas.All, output]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsync(arguments, async client =>
    {
        var (name, path) = (arguments.GetRequiredValue(service), arguments.GetValue(output));
        var slash = name.LastIndexOf('/');
        if (slash <= 0 || slash == name.Length - 1)
        {
            throw CliReasons.BadService.Refuse($"'{name}' is no SESSION/SERVICE");
        }
        OutputFile.RequireNew(path);
        var token = await client.Secrets.IssueStartTokenAsync(name[..slash], name[(slash + 1)..], cancellation).ConfigureAwait(false);
        if (path is not null)
        {
            OutputFile.Write(path, System.Text.Encoding.ASCII.GetBytes(token.Token + "\n"), isPrivate: true);
        }
        terminal.Show(token, SessionsJson.Default.StartToken, people =>
            people.WriteLine(path is null ? token.Token : $"{path} is written, for one start until {token.Until:yyyy-MM-dd HH:mm} UTC"));
        return ExitCode.Done;
    });
}
