using Guardian.Runtime.Stdio;

namespace Guardian.Cli.Commands.Programs;

/// <summary>Reads streams that hold frames and lines of other programs.</summary>
internal static class StdioParts
{
    /// <summary>Reads a stream to its end.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="onPart">Gets each part, in order.</param>
    public static async Task ReadAllAsync(Stream stream, Action<StdioPart> onPart, CancellationToken cancellation)
    {
        var frames = new StdioFrameReader();
        while (await stream.ReadAsync(frames.Space, cancellation).ConfigureAwait(false) is > 0 and var count)
        {
            Take(frames, count, onPart);
        }
        Finish(frames, onPart);
    }

    /// <summary>Reads a pipe to its end, in the caller's thread: a pipe has no asynchronous reads, and a task for each costs more than the
    /// frame.</summary>
    /// <param name="pipe">The pipe.</param>
    /// <param name="onPart">Gets each part, in order.</param>
    public static void ReadAll(Stream pipe, Action<StdioPart> onPart)
    {
        var frames = new StdioFrameReader();
        while (pipe.Read(frames.Space.Span) is > 0 and var count)
        {
            Take(frames, count, onPart);
        }
        Finish(frames, onPart);
    }

    private static void Take(StdioFrameReader frames, int count, Action<StdioPart> onPart)
    {
        frames.Advance(count);
        while (frames.TryRead(out var part))
        {
            onPart(part);
        }
    }

    private static void Finish(StdioFrameReader frames, Action<StdioPart> onPart)
    {
        if (frames.TryFinish(out var rest))
        {
            onPart(rest);
        }
    }
}
