using Guardian.Files;
using Guardian.Wasi.Streams;

namespace Guardian.Runtime.Stdio;

/// <summary>The guest's standard input. Outside it is encrypted frames from a holder of the key, for this run.</summary>
/// <param name="outside">The stream of frames.</param>
/// <param name="cipher">The cipher of this stream and run, which refuses frames for another run.</param>
/// <param name="onProblem">Receives the reason, once, if input ends early.</param>
internal sealed class SealedInput(IGuestStream outside, StdioCipher cipher, Action<string> onProblem) : IGuestStream
{
    private readonly StdioFrameReader frames = new();
    private ReadOnlyMemory<byte> content;
    private FileError endError = FileError.Success;
    private bool isEnd;

    public FileKind Kind => FileKind.Unknown;

    public FileError Read(Span<byte> target, out int read)
    {
        read = 0;
        while (!OpenBuffered())
        {
            var error = outside.Read(frames.Space.Span, out var count);
            if (error != FileError.Success)
            {
                return error;
            }
            if (count == 0)
            {
                // The host closed its end. Without the end frame, input may be missing.
                EndInput(FileError.Io, "standard input was cut off");
            }
            frames.Advance(count);
        }
        if (content.IsEmpty)
        {
            return endError;
        }
        read = Math.Min(target.Length, content.Length);
        content.Span[..read].CopyTo(target);
        content = content[read..];
        return FileError.Success;
    }

    public FileError Write(ReadOnlySpan<byte> data, out int written)
    {
        written = 0;
        return FileError.BadDescriptor;
    }

    public Readiness ReadReadiness() => OpenBuffered() ? Readiness.Now((ulong)content.Length) : outside.ReadReadiness();

    public Readiness WriteReadiness() => Readiness.Now();

    public void Dispose()
    {
        cipher.Dispose();
        outside.Dispose();
    }

    // Opens frames that are here until one has content; false when more bytes are needed.
    private bool OpenBuffered()
    {
        while (content.IsEmpty && !isEnd && frames.TryRead(out var part))
        {
            switch (part.Frame is { } frame ? cipher.TryOpen(frame) : null)
            {
                case (StdioFrameKind.Data, var data):
                    content = data;
                    break;
                case (StdioFrameKind.End, _):
                    EndInput(FileError.Success, null);
                    break;
                case (StdioFrameKind.Start, _):
                    break;
                default:
                    EndInput(
                        FileError.Io,
                        "standard input is not what the key's holder sent to this run, or is out of order; use guardian attach");
                    break;
            }
        }
        return !content.IsEmpty || isEnd;
    }

    private void EndInput(FileError error, string? problem)
    {
        (isEnd, endError) = (true, error);
        if (problem is not null)
        {
            onProblem(problem);
        }
    }
}
