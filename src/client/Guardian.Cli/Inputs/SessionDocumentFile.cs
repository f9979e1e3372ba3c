using System.CommandLine;
using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cli.Failures;
using Guardian.Cli.Sessions;
using Guardian.Cli.Sessions.Scone;
using Guardian.Documents;
using Guardian.Refusals;

namespace Guardian.Cli.Inputs;

/// <summary>Reads a session and the signatures of its changes.</summary>
internal static class SessionDocumentFile
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>The argument that names a session's file.</summary>
    public static Argument<string> CreateArgument() => new("FILE") { Description = "The session, YAML (docs/spec/session.md)." };

    /// <summary>Reads a session.</summary>
    /// <exception cref="RefusedException">The file is missing, or the session has mistakes; the refusal lists all of them.</exception>
    public static (SessionDocument Session, byte[] Bytes) Load(string path) => Read(InputFile.ReadBytes(path), path);

    /// <summary>Reads a session from its bytes.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <exception cref="RefusedException">The session has mistakes; the refusal lists all of them.</exception>
    public static (SessionDocument Session, byte[] Bytes) Read(byte[] bytes, string path)
    {
        var (session, refusal) = SessionDocument.Read(bytes);
        return session is not null
            ? (session, bytes)
            : throw CliReasons.BadSession.Refuse(
                $"{path} is no valid session",
                SconeRecognition.IsScone(bytes) ? $"guardian session from-scone {path} translates SCONE's forms, and explains each"
                    : SessionFilling.HasNames(bytes) ? $"guardian session fill {path} writes the hashes of programs and enclaves"
                    : null,
                [.. refusal!.Problems.Select(problem => $"{path}:{problem}")]);
    }

    /// <summary>Reads the text of a session.</summary>
    /// <exception cref="RefusedException">The file is missing, too large or no UTF-8.</exception>
    public static string ReadText(string path)
    {
        var bytes = InputFile.ReadBytes(path, YamlDocument.MaxSize);
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException failure)
        {
            throw new RefusedException(CliReasons.BadSession.Because($"{path} is not UTF-8: byte {failure.Index}"), failure);
        }
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
