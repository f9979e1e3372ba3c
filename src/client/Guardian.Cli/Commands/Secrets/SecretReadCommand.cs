using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Secrets;

/// <summary><c>guardian secret read</c>.</summary>
internal sealed class SecretReadCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithOption();
    private readonly Argument<string> session = new("SESSION") { Description = "The session's name." };
    private readonly Argument<string> name = new("NAME") { Description = "The secret's name." };
    private readonly Option<string?> output = new("--output")
    {
        Description = "File to write, readable by you alone. Without it, the value goes to standard output.",
        HelpName = "FILE",
    };

    public SecretReadCommand() : base("read", "Read the value of a secret, if the session lets your key do it. The audit log notes it.") =>
        AddSymbols([session, name, .. cas.All, output]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsync(arguments, async client =>
    {
        var (wanted, secret, path) = (
            arguments.GetRequiredValue(session), arguments.GetRequiredValue(name), arguments.GetValue(output));
        OutputFile.RequireNew(path);
        var value = await client.Secrets.ReadAsync(wanted, secret, cancellation).ConfigureAwait(false);
        if (path is not null)
        {
            OutputFile.Write(path, value, isPrivate: true);
            terminal.Show(new FileResult(path), SecretsJson.Default.FileResult, people => people.WriteLine($"{path} is written"));
            return ExitCode.Done;
        }
        if (terminal.Json)
        {
            terminal.Show(new SecretReadResult(wanted, secret, value), SecretsJson.Default.SecretReadResult, _ => { });
            return ExitCode.Done;
        }
        using var standard = Console.OpenStandardOutput();
        standard.Write(value);
        return ExitCode.Done;
    });
}

/// <summary>The result of <c>secret read</c>.</summary>
/// <param name="Value">The bytes of a binary value, else UTF-8 text; base64.</param>
internal sealed record SecretReadResult(string Session, string Name, byte[] Value);
