using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Sessions;

/// <summary><c>guardian session read</c>.</summary>
internal sealed class SessionReadCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithOption();
    private readonly Argument<string> name = new("NAME") { Description = "The session's name." };

    public SessionReadCommand() : base("read", "Print a session as it was uploaded. Generated secrets are never shown.") =>
        AddSymbols([name, .. cas.All]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsync(arguments, async client =>
    {
        var read = await client.ReadAsync(arguments.GetRequiredValue(name), cancellation).ConfigureAwait(false);
        terminal.Show(new SessionReadResult(read.Name, read.Hash, read.Text), SessionsJson.Default.SessionReadResult, people =>
            people.Write(read.Text));
        return ExitCode.Done;
    });
}

/// <summary>The result of <c>session read</c>.</summary>
/// <param name="Text">The session as it was uploaded, YAML.</param>
internal sealed record SessionReadResult(string Name, string Hash, string Text);
