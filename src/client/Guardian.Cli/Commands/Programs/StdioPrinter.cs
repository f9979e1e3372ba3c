using System.Text;
using System.Text.Json;
using Guardian.Runtime.Stdio;

namespace Guardian.Cli.Commands.Programs;

/// <summary>
/// Writes decrypted streams: out to standard output, err to standard error, as the program wrote them; problems to standard error.
/// Thread-safe.
/// </summary>
/// <param name="isJson">Whether each entry becomes one line of JSON instead.</param>
internal sealed class StdioPrinter(bool isJson)
{
    private const int BriefRunLength = 8;

    private readonly Lock gate = new();
    private readonly Stream output = Console.OpenStandardOutput();
    private readonly Stream error = Console.OpenStandardError();

    /// <summary>How many problems there were.</summary>
    public int Problems { get; private set; }

    /// <summary>Writes an entry. Lines of other programs are no frames and go to standard error.</summary>
    /// <param name="entry">The entry; null for a line that is no frame.</param>
    /// <param name="line">The line as it was read.</param>
    public void Print(StdioEntry? entry, string line)
    {
        lock (gate)
        {
            if (entry is null)
            {
                error.Write(Encoding.UTF8.GetBytes(line + "\n"));
                return;
            }
            if (entry.Problem is { } problem)
            {
                Problems++;
                Warn(entry.Stream, entry.Run, problem);
            }
            if (isJson)
            {
                output.Write(JsonSerializer.SerializeToUtf8Bytes(StdioLine.Of(entry), ProgramsJson.Default.StdioLine));
                output.Write("\n"u8);
            }
            else if (entry.Kind == StdioFrameKind.Data)
            {
                (entry.Stream == "err" ? error : output).Write(entry.Content);
            }
            output.Flush();
        }
    }

    /// <summary>Warns of streams that have no end.</summary>
    public void Finish(StdioLog log)
    {
        foreach (var (run, stream) in log.Open.Where(open => open.Stream != "in"))
        {
            Problems++;
            Warn(stream, run, "the stream has no end: the program still runs, was killed, or the log is cut off");
        }
    }

    private void Warn(string stream, string run, string problem) =>
        error.Write(Encoding.UTF8.GetBytes($"guardian: warning: {stream} of run {run[..BriefRunLength]}: {problem}\n"));
}

/// <summary>An entry of a program's streams, as <c>logs --json</c> and <c>attach --json</c> print it.</summary>
/// <param name="Run">The start of the program that wrote it.</param>
/// <param name="Stream"><c>in</c>, <c>out</c> or <c>err</c>.</param>
/// <param name="Kind"><c>start</c>, <c>data</c> or <c>end</c>.</param>
/// <param name="Problem">The mistake in it; null when it is sound.</param>
internal sealed record StdioLine(string Run, string Stream, string Kind, string Text, string? Problem)
{
    public static StdioLine Of(StdioEntry entry) => new(
        entry.Run, entry.Stream, entry.Kind switch { StdioFrameKind.Start => "start", StdioFrameKind.End => "end", _ => "data" },
        Encoding.UTF8.GetString(entry.Content), entry.Problem);
}
