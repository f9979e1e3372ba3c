namespace Guardian.Runtime.Stdio;

/// <summary>What one line of a log turned out to be.</summary>
/// <param name="Stream"><c>out</c>, <c>err</c> or <c>in</c>.</param>
/// <param name="Run">The run that it belongs to.</param>
/// <param name="Kind">Data, or a run's start or end.</param>
/// <param name="Content">Decrypted.</param>
/// <param name="Problem">What is wrong at this place, or null. With content: something before it is missing; without: the line itself is not to be trusted.</param>
public sealed record StdioEntry(string Stream, string Run, StdioFrameKind Kind, byte[] Content, string? Problem);

/// <summary>Reads the standard streams of a service's runs from lines, and notices what was taken out, exchanged, repeated or made up. Used by one thread at a time.</summary>
/// <param name="key">The service's key, 32 bytes.</param>
public sealed class StdioLog(ReadOnlyMemory<byte> key) : IDisposable
{
    // A log of more runs than that is read in parts.
    private const int MaxStreams = 100_000;

    private readonly Dictionary<(string Run, string Stream), (StdioCipher Cipher, bool IsEnded)> streams = [];

    /// <summary>Reads a line.</summary>
    /// <returns>Null when it is no frame.</returns>
    public StdioEntry? Read(string line)
    {
        if (StdioFrame.TryRead(line) is not { } frame)
        {
            return null;
        }
        var place = (frame.Run, frame.Stream);
        if (!streams.TryGetValue(place, out var state))
        {
            if (streams.Count >= MaxStreams)
            {
                return Wrong(frame, "the log holds too many runs");
            }
            state = (new StdioCipher(key.Span, frame.Run, frame.Stream), false);
        }
        var expected = state.Cipher.Sequence;
        if (state.IsEnded || frame.Sequence < expected)
        {
            return Wrong(frame, $"frame {frame.Sequence} is repeated or out of its order");
        }
        state.Cipher.SkipTo(frame.Sequence);
        if (state.Cipher.TryOpen(frame) is not var (kind, content))
        {
            state.Cipher.SkipTo(expected);
            if (expected == 0 && !streams.ContainsKey(place))
            {
                state.Cipher.Dispose();
            }
            return Wrong(frame, $"frame {frame.Sequence} was changed, or is another service's");
        }
        streams[place] = (state.Cipher, kind == StdioFrameKind.End);
        return new StdioEntry(frame.Stream, frame.Run, kind, content, frame.Sequence == expected ? null
            : frame.Sequence == expected + 1 ? $"frame {expected} is missing"
            : $"frames {expected} to {frame.Sequence - 1} are missing");
    }

    /// <summary>The streams that have no end yet: their run goes on, was killed, or the log is cut off.</summary>
    public IReadOnlyList<(string Run, string Stream)> Open => [.. streams.Where(stream => !stream.Value.IsEnded).Select(stream => stream.Key)];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (cipher, _) in streams.Values)
        {
            cipher.Dispose();
        }
    }

    private static StdioEntry Wrong(StdioFrame frame, string problem) => new(frame.Stream, frame.Run, StdioFrameKind.Data, [], problem);
}
