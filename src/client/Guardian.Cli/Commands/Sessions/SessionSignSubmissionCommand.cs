using System.CommandLine;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Sessions;

/// <summary><c>guardian session sign-submission</c>.</summary>
internal sealed class SessionSignSubmissionCommand : LocalCommand
{
    private readonly Argument<string> file = SessionDocumentFile.CreateArgument();
    private readonly Option<string> identity = new("--identity")
    {
        Description = "The identity of the CAS, as 'guardian cas attest' prints it.",
        Required = true,
        HelpName = "HEX",
    };

    private readonly SigningOptions signing = new("Your key, by which the CAS knows you.");

    public SessionSignSubmissionCommand() : base(
        "sign-submission", "Let anybody bring exactly this session to one CAS in your name, as Kubernetes' operator does.") =>
        AddSymbols([file, identity, .. signing.All]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var (path, cas) = (arguments.GetRequiredValue(file), arguments.GetRequiredValue(identity));
        if (!CasPins.IsPin(cas))
        {
            throw CliReasons.Usage.Refuse($"'{cas}' is not an identity: 64 lower-case hex digits");
        }
        var (session, _) = SessionDocumentFile.Load(path);
        var (signature, isInFile) = signing.Sign(
            arguments, SessionSubmission.HashOf(cas, session.Hash), SignatureSubject.Submission,
            key => RequireCreator(session, path, KeyHash.TryRead(key)!));
        terminal.Show(
            new SessionSignSubmissionResult(session.Name, session.Hash, cas, signature.Key, signature.Signature),
            SessionsJson.Default.SessionSignSubmissionResult, people =>
                people.WriteLine(isInFile ? $"the submission of {session.Name} is signed" : $"{signature}"));
        return ExitCode.Done;
    }

    // The CAS refuses it later. The author learns it here.
    private static void RequireCreator(SessionDocument session, string path, string own)
    {
        if (session.Creator is null)
        {
            throw CliReasons.BadSession.Refuse(
                $"{path} does not name its creator, so the one who brings it could create it as their own",
                session.Predecessor is null ? $"add the line: creator: {own}" : "add the line: creator: KEY, of the key that created it");
        }
        if (session.Predecessor is null && session.Creator != own)
        {
            throw CliReasons.BadSession.Refuse($"{path} names another creator than your key: {session.Creator}");
        }
    }
}

/// <summary>The result of <c>session sign-submission</c>.</summary>
/// <param name="Hash">The hash of the session's text.</param>
/// <param name="Identity">The CAS.</param>
/// <param name="Key">The signer's public key.</param>
/// <param name="Signature">The signature, base64.</param>
internal sealed record SessionSignSubmissionResult(string Name, string Hash, string Identity, string Key, string Signature);
