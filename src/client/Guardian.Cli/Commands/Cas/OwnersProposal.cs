using System.CommandLine;
using System.Text.Json;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Cas;

/// <summary>Reads a change of owners, as <c>cas owners propose</c> writes it.</summary>
internal static class OwnersProposal
{
    /// <summary>The argument that names the file.</summary>
    public static Argument<string> CreateArgument() => new("FILE")
    {
        Description = "The change, as 'guardian cas owners propose' wrote it.",
    };

    /// <summary>Reads a change.</summary>
    /// <exception cref="RefusedException">The file is missing, or holds no change.</exception>
    public static (OwnersChange Change, byte[] Bytes) Load(string path)
    {
        var bytes = InputFile.ReadBytes(path);
        return OwnersChange.TryRead(bytes) is { } change
            ? (change, bytes)
            : throw CliReasons.BadChange.Refuse($"{path} is no change of owners");
    }
}
