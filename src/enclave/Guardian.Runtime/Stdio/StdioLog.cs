namespace Guardian.Runtime.Stdio;

/// <summary>The content of one line of a log.</summary>
/// <param name="Stream"><c>out</c>, <c>err</c> or <c>in</c>.</param>
/// <param name="Run">The run.</param>
/// <param name="Kind">Data, or a run's start or end.</param>
/// <param name="Content">The decrypted content.</param>
/// <param name="Problem">The problem at this line, or null. With content, frames before it are missing; without, the line itself must not
/// be trusted.</param>
public sealed record StdioEntry(string Stream, string Run, StdioFrameKind Kind, byte[] Content, string? Problem);

/// <summary>Reads the standard streams of a service's runs from the lines of a log, and detects removed, exchanged, repeated and forged
/// lines. Used by one thread at a time.</summary>
/// <param name="key">The service's key, 32 bytes.</param>
public sealed class StdioLog(ReadOnlyMemory<byte> key) : IDisposable
{
    // Bounds the memory for a log that a stranger wrote.
    private const int MaxStreams = 100_000;

    private readonly Dictionary<(string Run, string Stream), (StdioCipher Cipher, bool IsEnded)> streams = [];

    /// <summary>Reads a line.</summary>
    /// <returns>The entry; null for a line that is no frame.</returns>
    public StdioEntry? Read(string line) => StdioFrame.TryRead(line) is { } frame ? Read(frame) : null;

    /// <summary>Reads a frame.</summary>
    /// <returns>The entry.</returns>
    public StdioEntry Read(StdioFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var id = (frame.Run, frame.Stream);
        if (!streams.TryGetValue(id, out var state))
        {
            if (streams.Count >= MaxStreams)
            {
                return CreateProblem(frame, "the log holds too many runs");
            }
            state = (new StdioCipher(key.Span, frame.Run, frame.Stream), false);
        }
        var expected = state.Cipher.Sequence;
        if (state.IsEnded || frame.Sequence < expected)
        {
            return CreateProblem(frame, $"frame {frame.Sequence} is repeated or out of order");
        }
        state.Cipher.SkipTo(frame.Sequence);
        if (state.Cipher.TryOpen(frame) is not var (kind, content))
        {
            state.Cipher.SkipTo(expected);
            if (expected == 0 && !streams.ContainsKey(id))
            {
                state.Cipher.Dispose();
            }
            return CreateProblem(frame, $"frame {frame.Sequence} was changed, or belongs to another service");
        }
        streams[id] = (state.Cipher, kind == StdioFrameKind.End);
        return new StdioEntry(frame.Stream, frame.Run, kind, content, frame.Sequence == expected ? null
            : frame.Sequence == expected + 1 ? $"frame {expected} is missing"
            : $"frames {expected} to {frame.Sequence - 1} are missing");
    }

    /// <summary>The streams without an end frame: their run is still going on or was killed, or the log is cut off.</summary>
    public IReadOnlyList<(string Run, string Stream)> Open =>
        [.. streams.Where(stream => !stream.Value.IsEnded).Select(stream => stream.Key)];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (cipher, _) in streams.Values)
        {
            cipher.Dispose();
        }
    }

    private static StdioEntry CreateProblem(StdioFrame frame, string problem) =>
        new(frame.Stream, frame.Run, StdioFrameKind.Data, [], problem);
}
