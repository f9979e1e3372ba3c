using System.CommandLine;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Inputs;

/// <summary>Reads a session and the signatures of its changes.</summary>
internal static class SessionDocumentFile
{
    /// <summary>The argument that names a session's file.</summary>
    public static Argument<string> CreateArgument() => new("FILE") { Description = "The session, YAML (docs/spec/session.md)." };

    /// <summary>Reads a session.</summary>
    /// <exception cref="RefusedException">The file is missing, or the session has mistakes; the refusal lists all of them.</exception>
    public static (SessionDocument Session, byte[] Bytes) Load(string path)
    {
        var bytes = InputFile.ReadBytes(path);
        var (session, refusal) = SessionDocument.Read(bytes);
        return session is not null
            ? (session, bytes)
            : throw CliReasons.BadSession.Refuse(
                $"{path} is no valid session", problems: [.. refusal!.Problems.Select(problem => $"{path}:{problem}")]);
    }

    /// <summary>Reads files of signatures, one for each line.</summary>
    /// <param name="paths">The files; null for none.</param>
    /// <param name="command">The command that makes them.</param>
    /// <exception cref="RefusedException">A file is missing, or a line is no signature.</exception>
    public static List<SessionSignature> ReadSignatures(string[]? paths, string command) =>
    [
        .. (paths ?? []).SelectMany(
        path => InputFile.ReadText(path).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => SessionSignature.TryRead(line, out var signature)
                ? signature
                : throw CliReasons.BadSignature.Refuse(
                    $"{path} holds no signatures, one for each line", $"make them with: {command} FILE --key KEY --output SIGNATURES"))),
    ];
}
