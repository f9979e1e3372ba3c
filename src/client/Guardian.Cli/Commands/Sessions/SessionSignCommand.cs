using System.CommandLine;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Sessions;

/// <summary><c>guardian session sign</c>.</summary>
internal sealed class SessionSignCommand : LocalCommand
{
    private readonly Argument<string> file = SessionDocumentFile.CreateArgument();
    private readonly Option<string> key = CasOptions.CreateKey("Your key, by which the CAS knows you.");
    private readonly Option<string?> output = new("--output")
    {
        Description = "File to which the signature is added. Without it, the signature is printed.",
        HelpName = "FILE",
    };

    public SessionSignCommand() : base("sign", "Sign a session: consent to exactly this update.") => AddSymbols(file, key, output);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var (session, _) = SessionDocumentFile.Load(arguments.GetRequiredValue(file));
        using var identity = KeyFile.Load(arguments.GetRequiredValue(key));
        var signature = SessionSignature.Create(session.Hash, identity);
        var path = arguments.GetValue(output);
        if (path is not null)
        {
            OutputFile.Append(path, $"{signature}\n");
        }
        terminal.Show(
            new SessionSignResult(session.Name, session.Hash, signature.Key, signature.Signature), SessionsJson.Default.SessionSignResult,
            people =>
            {
                people.WriteLine(path is null ? $"{signature}" : $"{session.Name} is signed");
                if (path is not null)
                {
                    people.WriteLine($"hash {session.Hash}");
                }
            });
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>session sign</c>.</summary>
/// <param name="Key">The signer's public key.</param>
/// <param name="Signature">The signature, base64.</param>
internal sealed record SessionSignResult(string Name, string Hash, string Key, string Signature);
