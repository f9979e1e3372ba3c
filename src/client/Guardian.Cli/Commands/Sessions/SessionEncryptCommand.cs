using System.CommandLine;
using Guardian.Cas.Client.Sessions;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Sessions;

/// <summary><c>guardian session encrypt</c>.</summary>
internal sealed class SessionEncryptCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithOption(keyDescription: null);
    private readonly Argument<string> file = SessionDocumentFile.CreateArgument();
    private readonly Option<string> creator = new("--creator")
    {
        Description = "The key that creates the session: its file, or as 'guardian key show' prints it.",
        Required = true,
        HelpName = "KEY",
    };

    private readonly Option<string?> output = new("--output")
    {
        Description = "File to write. Without it, the session is printed.",
        HelpName = "FILE",
    };

    public SessionEncryptCommand() : base(
        "encrypt", "Seal the values in a session to a CAS, so that the file can be public. Nobody else can open them.") =>
        AddSymbols([file, .. cas.All, creator, output]);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var (path, target) = (arguments.GetRequiredValue(file), arguments.GetValue(output));
        OutputFile.RequireNew(target);
        var (_, bytes) = SessionDocumentFile.Load(path);
        var owner = ReadCreator(arguments.GetRequiredValue(creator));
        using var client = cas.ConnectAnonymously(arguments);
        var key = await client.Secrets.ReadSealingKeyAsync(cancellation).ConfigureAwait(false);
        var (session, refusal) = SessionSealing.Seal(bytes, key, owner);
        if (session is null)
        {
            throw CliReasons.BadSession.Refuse($"{path}: {refusal!.Detail}", problems: [.. refusal.Problems]);
        }
        if (target is not null)
        {
            OutputFile.Write(target, session.Text);
        }
        terminal.Show(
            new SessionEncryptResult(target, key.Identity, [.. session.Secrets], session.Text), SessionsJson.Default.SessionEncryptResult,
            people =>
            {
                if (target is null)
                {
                    people.Write(session.Text);
                    return;
                }
                people.WriteLine($"{target} is written");
                people.WriteLine($"sealed {string.Join(", ", session.Secrets)}");
                people.WriteLine($"to the CAS {key.Identity}");
            });
        return ExitCode.Done;
    }

    private static string ReadCreator(string text)
    {
        if (!File.Exists(text))
        {
            return text;
        }
        using var key = KeyFile.Load(text);
        return key.PublicKey;
    }
}

/// <summary>The result of <c>session encrypt</c>.</summary>
/// <param name="File">The file; null when the session was printed.</param>
/// <param name="Cas">The identity of the CAS that can open the values.</param>
/// <param name="Secrets">The secrets whose values were sealed.</param>
/// <param name="Text">The session with sealed values, YAML.</param>
internal sealed record SessionEncryptResult(string? File, string Cas, IReadOnlyList<string> Secrets, string Text);
