using System.Text;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Cas;

/// <summary>An audit log as <c>cas audit fetch</c> writes it: one line for each entry, and the signed end.</summary>
internal static class AuditLogFile
{
    // Some million entries.
    private const int MaxSize = 1024 * 1024 * 1024;

    /// <summary>Reads a log; nothing is verified yet.</summary>
    /// <param name="explain">Says more about the lines of a log that lacks the end.</param>
    /// <exception cref="RefusedException">The file is missing, or lacks the end.</exception>
    public static (IReadOnlyList<ReadOnlyMemory<byte>> Lines, byte[] Head) Read(
        string path, Func<IEnumerable<string>, string>? explain = null)
    {
        var lines = Encoding.UTF8.GetString(InputFile.ReadBytes(path, MaxSize)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Length > 0 && lines[^1].StartsWith('{')
            ? ([.. lines[..^1].Select(line => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(line))], Encoding.UTF8.GetBytes(lines[^1]))
            : throw CliReasons.TruncatedLog.Refuse($"{path} lacks the signed end of the log{explain?.Invoke(lines)}");
    }
}
