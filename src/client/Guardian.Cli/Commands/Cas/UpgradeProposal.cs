using System.CommandLine;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Cas;

/// <summary>Reads an approval of code, as <c>cas upgrade propose</c> writes it.</summary>
internal static class UpgradeProposal
{
    /// <summary>The argument that names the file.</summary>
    public static Argument<string> CreateArgument() => new("FILE")
    {
        Description = "The approval, as 'guardian cas upgrade propose' wrote it.",
    };

    /// <summary>Reads an approval.</summary>
    /// <exception cref="RefusedException">The file is missing, or holds no approval.</exception>
    public static (UpgradeApproval Approval, byte[] Bytes) Load(string path)
    {
        var bytes = InputFile.ReadBytes(path);
        return UpgradeApproval.TryRead(bytes) is { } approval
            ? (approval, bytes)
            : throw CliReasons.BadApproval.Refuse($"{path} is no approval of code");
    }
}
