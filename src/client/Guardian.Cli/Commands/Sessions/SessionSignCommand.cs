using System.CommandLine;
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
    private readonly TemplateOptions template = new();
    private readonly SigningOptions signing = new("Your key, by which the CAS knows you.");

    public SessionSignCommand() : base("sign", "Sign a session: consent to exactly this update.") =>
        AddSymbols([file, .. signing.All, .. template.All]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var (session, _) = template.Load(arguments, arguments.GetRequiredValue(file));
        var (signature, isInFile) = signing.Sign(arguments, session.Hash, SignatureSubject.Session);
        terminal.Show(
            new SessionSignResult(session.Name, session.Hash, signature.Key, signature.Signature), SessionsJson.Default.SessionSignResult,
            people =>
            {
                people.WriteLine(isInFile ? $"{session.Name} is signed" : $"{signature}");
                if (isInFile)
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
