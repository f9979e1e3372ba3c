namespace Guardian.Node.Quoting;

/// <summary>Writes few lines into the log, because guests cause them as often as they like. Thread-safe.</summary>
/// <param name="log">Receives the lines.</param>
/// <param name="time">The clock.</param>
internal sealed class LogBudget(Action<string> log, TimeProvider time)
{
    /// <summary>The lines of one window.</summary>
    public const int Lines = 30;

    /// <summary>The length of a window.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private long start = time.GetTimestamp();
    private long count;

    /// <summary>Writes a line, unless the window has enough; the next window begins with the number of lines that were left out.</summary>
    public void Write(string line)
    {
        lock (gate)
        {
            if (time.GetElapsedTime(start) >= Window)
            {
                if (count > Lines)
                {
                    log($"{count - Lines} lines about guests were left out");
                }
                (start, count) = (time.GetTimestamp(), 0);
            }
            if (++count <= Lines)
            {
                log(line);
            }
        }
    }
}
