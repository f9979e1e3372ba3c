using System.CommandLine;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Secrets;

/// <summary><c>guardian secret set</c>.</summary>
internal sealed class SecretSetCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithOption();
    private readonly Argument<string> session = new("SESSION") { Description = "The session's name." };
    private readonly Argument<string> name = new("NAME") { Description = "The secret's name." };
    private readonly SecretInput value = new();
    private readonly Option<string?> hash = new("--session-hash")
    {
        Description = "The text of the session that may have the value, as sha256sum prints it. The default is the text that the CAS has.",
        HelpName = "HEX",
    };

    public SecretSetCommand() : base("set", "Set the value of a secret, if the session lets your key do it.")
    {
        AddSymbols([session, name, .. cas.All, .. value.All, hash]);
        Validators.Add(result =>
        {
            if (value.FindMistake(result) is { } mistake)
            {
                result.AddError(mistake);
            }
        });
    }

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsync(arguments, async client =>
    {
        var (wanted, secret) = (arguments.GetRequiredValue(session), arguments.GetRequiredValue(name));
        var list = await client.Secrets.ListAsync(wanted, cancellation).ConfigureAwait(false);
        var kind = list.Secrets.FirstOrDefault(each => each.Name == secret)?.Kind;
        var bytes = await value.ReadAsync(arguments, isBinary: kind == "binary", cancellation).ConfigureAwait(false);
        // Files and echo end a line that is not part of an ascii value, which has no line breaks.
        if (kind == "ascii" && bytes is [.. var line, (byte)'\n'])
        {
            bytes = line;
        }
        var pinned = arguments.GetValue(hash) ?? list.Hash;
        var set = await client.Secrets.SetAsync(wanted, secret, pinned, bytes, cancellation).ConfigureAwait(false);
        terminal.Show(new SecretSetResult(wanted, pinned, set), SecretsJson.Default.SecretSetResult, people =>
        {
            people.WriteLine($"{wanted}/{secret} is set, version {set.Version}");
            people.WriteLine($"for the session with the hash {pinned}");
        });
        return ExitCode.Done;
    });
}

/// <summary>The result of <c>secret set</c>.</summary>
/// <param name="Hash">The text of the session for which the value is set.</param>
internal sealed record SecretSetResult(string Session, string Hash, SecretDescription Secret);
