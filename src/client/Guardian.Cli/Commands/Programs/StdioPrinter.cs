using System.Text;
using System.Text.Json;
using Guardian.Runtime.Stdio;

namespace Guardian.Cli.Commands.Programs;

/// <summary>
/// Writes decrypted streams: out to standard output, err to standard error, as the program wrote them; problems to standard error.
/// Thread-safe.
/// </summary>
/// <param name="isJson">Whether each entry becomes one line of JSON instead.</param>
/// <param name="output">Gets out; null for standard output.</param>
/// <param name="error">Gets err and problems; null for standard error.</param>
internal sealed class StdioPrinter(bool isJson, Stream? output = null, Stream? error = null)
{
    private const int BriefRunLength = 8;

    private readonly Lock gate = new();

    // The streams whose last content ended within a line.
    private readonly HashSet<(string Run, string Stream)> insideLine = [];
    private readonly Stream output = output ?? Console.OpenStandardOutput();
    private readonly Stream error = error ?? Console.OpenStandardError();

    /// <summary>How many problems there were.</summary>
    public int Problems { get; private set; }

    /// <summary>Writes the content of a part. Lines of other programs have no frame and go to standard error.</summary>
    /// <param name="log">The streams, which only this printer reads.</param>
    /// <param name="part">The part; its carrier may have written something around a frame.</param>
    /// <returns>The entry; null for a line without a frame.</returns>
    public StdioEntry? Read(StdioLog log, StdioPart part)
    {
        lock (gate)
        {
            var carried = part.Frame is null ? CarriedLine.Read(part.Line) : default;
            if ((part.Frame ?? (carried.Frame is { } text ? StdioFrame.TryRead(text) : null)) is not { } frame)
            {
                PrintOther(part.Line, carried.IsBroken);
                return null;
            }
            var entry = log.Read(frame);
            Print(entry, carried.Prefix ?? "");
            return entry;
        }
    }

    private void PrintOther(string line, bool isBroken)
    {
        if (isBroken)
        {
            Problems++;
            error.Write("guardian: warning: a line has a part of a frame, which was cut or changed\n"u8);
        }
        else
        {
            error.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }
    }

    private void Print(StdioEntry entry, string prefix)
    {
        if (entry.Problem is { } problem)
        {
            Problems++;
            Warn(entry.Stream, entry.Run, problem);
        }
        if (isJson)
        {
            output.Write(JsonSerializer.SerializeToUtf8Bytes(StdioLine.Of(entry, prefix), ProgramsJson.Default.StdioLine));
            output.Write("\n"u8);
        }
        else if (entry.Kind == StdioFrameKind.Data)
        {
            WriteContent(entry, prefix);
        }
        output.Flush();
    }

    // The carrier's words come before each line of the program, as the carrier would write them before plain lines.
    private void WriteContent(StdioEntry entry, string prefix)
    {
        var target = entry.Stream == "err" ? error : output;
        if (prefix.Length == 0)
        {
            target.Write(entry.Content);
            return;
        }
        var stream = (entry.Run, entry.Stream);
        var isInside = insideLine.Contains(stream);
        foreach (var range in Lines(entry.Content))
        {
            if (!isInside)
            {
                target.Write(Encoding.UTF8.GetBytes(prefix));
            }
            target.Write(range.Span);
            isInside = range.Span[^1] != (byte)'\n';
        }
        if (isInside)
        {
            insideLine.Add(stream);
        }
        else
        {
            insideLine.Remove(stream);
        }
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Lines(ReadOnlyMemory<byte> content)
    {
        while (!content.IsEmpty)
        {
            var end = content.Span.IndexOf((byte)'\n') + 1;
            var size = end == 0 ? content.Length : end;
            yield return content[..size];
            content = content[size..];
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
/// <param name="Carrier">The words of the container engine before it, which are not authenticated; null for none.</param>
internal sealed record StdioLine(string Run, string Stream, string Kind, string Text, string? Problem, string? Carrier)
{
    public static StdioLine Of(StdioEntry entry, string prefix) => new(
        entry.Run, entry.Stream, entry.Kind switch { StdioFrameKind.Start => "start", StdioFrameKind.End => "end", _ => "data" },
        Encoding.UTF8.GetString(entry.Content), entry.Problem, prefix.Length > 0 ? prefix : null);
}
