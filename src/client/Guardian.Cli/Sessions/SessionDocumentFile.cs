using System.CommandLine;
using Guardian.Cas.Client.Sessions;

namespace Guardian.Cli.Sessions;

/// <summary>A session in a file.</summary>
internal static class SessionDocumentFile
{
    public static Argument<string> Argument() => new("FILE") { Description = "The session, YAML (docs/spec/session.md)." };

    /// <exception cref="CliException">It has mistakes; all are named.</exception>
    public static (SessionDocument Session, byte[] Bytes) Load(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var (session, refusal) = SessionDocument.Read(bytes);
        return session is not null
            ? (session, bytes)
            : throw new CliException(
                ExitCode.Usage, "bad-session", $"{path} is not a valid session", [.. refusal!.Problems.Select(problem => $"{path}:{problem}")]);
    }
}
