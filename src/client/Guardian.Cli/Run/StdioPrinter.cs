using System.Text;
using System.Text.Json.Nodes;
using Guardian.Runtime.Stdio;

namespace Guardian.Cli.Run;

/// <summary>Writes decrypted streams: out to standard output, err to standard error, as the program wrote them; problems to standard error. Thread-safe.</summary>
/// <param name="isJson">One line of JSON for each entry instead.</param>
internal sealed class StdioPrinter(bool isJson)
{
    private readonly Lock gate = new();
    private readonly Stream output = Console.OpenStandardOutput();
    private readonly Stream error = Console.OpenStandardError();

    /// <summary>How much was wrong.</summary>
    public int Problems { get; private set; }

    /// <summary>Writes an entry; lines that are no frames are others' and go to standard error.</summary>
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
                var kind = entry.Kind switch { StdioFrameKind.Start => "start", StdioFrameKind.End => "end", _ => "data" };
                output.Write(Encoding.UTF8.GetBytes(new JsonObject
                {
                    ["run"] = entry.Run, ["stream"] = entry.Stream, ["kind"] = kind, ["text"] = Encoding.UTF8.GetString(entry.Content), ["problem"] = entry.Problem,
                }.ToJsonString() + "\n"));
            }
            else if (entry.Kind == StdioFrameKind.Data)
            {
                (entry.Stream == "err" ? error : output).Write(entry.Content);
            }
            output.Flush();
        }
    }

    /// <summary>Says which streams have no end.</summary>
    public void Finish(StdioLog log)
    {
        foreach (var (run, stream) in log.Open.Where(open => open.Stream != "in"))
        {
            Problems++;
            Warn(stream, run, "the stream has no end: the program still runs, was killed, or the log is cut off");
        }
    }

    private void Warn(string stream, string run, string problem) =>
        error.Write(Encoding.UTF8.GetBytes($"guardian: warning: {stream} of run {run[..8]}: {problem}\n"));
}
