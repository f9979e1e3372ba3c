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
            frames.Advance(count);
            while (frames.TryRead(out var part))
            {
                onPart(part);
            }
        }
        if (frames.TryFinish(out var rest))
        {
            onPart(rest);
        }
    }
}
