using System.CommandLine;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Sessions;

/// <summary><c>guardian session sign-deletion</c>.</summary>
internal sealed class SessionSignDeletionCommand : LocalCommand
{
    private readonly Argument<string> name = new("NAME") { Description = "The session's name." };
    private readonly Option<string> identity = new("--identity")
    {
        Description = "The identity of the CAS, as 'guardian cas attest' prints it.",
        Required = true,
        HelpName = "HEX",
    };
    private readonly SigningOptions signing = new("Your key, by which the CAS knows you.");

    public SessionSignDeletionCommand() : base("sign-deletion", "Consent to the deletion of a session from one CAS.") =>
        AddSymbols([name, identity, .. signing.All]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var (session, cas) = (arguments.GetRequiredValue(name), arguments.GetRequiredValue(identity));
        if (!CasPins.IsPin(cas))
        {
            throw CliReasons.Usage.Refuse($"'{cas}' is not an identity: 64 lower-case hex digits");
        }
        var (signature, isInFile) = signing.Sign(arguments, SessionDeletion.HashOf(cas, session), SignatureSubject.Deletion);
        terminal.Show(
            new SessionSignDeletionResult(session, cas, signature.Key, signature.Signature), SessionsJson.Default.SessionSignDeletionResult,
            people => people.WriteLine(isInFile ? $"the deletion of {session} is signed" : $"{signature}"));
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>session sign-deletion</c>.</summary>
/// <param name="Identity">The CAS.</param>
/// <param name="Key">The signer's public key.</param>
/// <param name="Signature">The signature, base64.</param>
internal sealed record SessionSignDeletionResult(string Name, string Identity, string Key, string Signature);
