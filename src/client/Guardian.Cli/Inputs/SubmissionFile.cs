using System.CommandLine;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;

namespace Guardian.Cli.Inputs;

/// <summary>Reads the signature by which somebody else may bring a session to a CAS.</summary>
internal static class SubmissionFile
{
    /// <summary>The option that names the file.</summary>
    public static Option<string> CreateOption() => new("--submission")
    {
        Description = "File of the author's signature, by 'guardian session sign-submission'.",
        Required = true,
        HelpName = "FILE",
    };

    /// <summary>Reads it.</summary>
    /// <exception cref="Refusals.RefusedException">The file is missing, or does not hold one signature.</exception>
    public static SessionSignature Load(string path) => SessionDocumentFile.ReadSignatures([path], Command) is [var submission]
        ? submission
        : throw CliReasons.BadSignature.Refuse($"{path} does not hold one signature", $"make it with: {Command}");

    private const string Command = "guardian session sign-submission";
}
