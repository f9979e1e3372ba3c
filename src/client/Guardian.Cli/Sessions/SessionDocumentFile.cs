using System.CommandLine;
using Guardian.Cas.Sessions;
using Guardian.Documents;

namespace Guardian.Cli.Sessions;

/// <summary>A session in a file.</summary>
internal static class SessionDocumentFile
{
    public static Argument<string> Argument() => new("FILE") { Description = "The session, YAML (docs/spec/session.md)." };

    /// <exception cref="CliException">It has mistakes; all are named.</exception>
    public static (SessionDocument Session, byte[] Bytes) Load(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var problems = new DocumentProblems();
        return SessionDocument.Read(bytes, problems) is { } session && !problems.Any
            ? (session, bytes)
            : throw new CliException(ExitCode.Usage, "bad-session", $"{path} is no valid session", [.. problems.Items.Select(problem => $"{path}:{problem}")]);
    }
}
