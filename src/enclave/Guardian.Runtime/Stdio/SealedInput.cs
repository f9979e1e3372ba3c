using System.Text;
using Guardian.Files;
using Guardian.Wasi.Streams;

namespace Guardian.Runtime.Stdio;

/// <summary>The guest's standard input. Outside it is encrypted frames from a holder of the key, for this run.</summary>
/// <param name="outside">The stream of frames.</param>
/// <param name="cipher">The cipher of this stream and run, which refuses frames for another run.</param>
/// <param name="onProblem">Receives the reason, once, if input ends early.</param>
internal sealed class SealedInput(IGuestStream outside, StdioCipher cipher, Action<string> onProblem) : IGuestStream
{
    private readonly byte[] buffer = new byte[4096];
    private readonly List<byte> line = [];
    private ReadOnlyMemory<byte> content;
    private readonly Queue<string> lines = new();
    private FileError endError = FileError.Success;
    private bool isEnd;

    public FileKind Kind => FileKind.Unknown;

    public FileError Read(Span<byte> target, out int read)
    {
        read = 0;
        while (content.IsEmpty && !isEnd)
        {
            if (!lines.TryDequeue(out var next))
            {
                var error = outside.Read(buffer, out var count);
                if (error != FileError.Success)
                {
                    return error;
                }
                if (count == 0)
                {
                    // The host closed its end. Without the end frame, input may be missing.
                    EndInput(FileError.Io, "standard input was cut off");
                    break;
                }
                SplitLines(buffer.AsSpan(0, count));
                continue;
            }
            OpenFrame(next);
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

    public Readiness ReadReadiness() =>
        !content.IsEmpty || isEnd || lines.Count > 0 ? Readiness.Now((ulong)content.Length) : outside.ReadReadiness();

    public Readiness WriteReadiness() => Readiness.Now();

    public void Dispose()
    {
        cipher.Dispose();
        outside.Dispose();
    }

    private void SplitLines(ReadOnlySpan<byte> bytes)
    {
        foreach (var each in bytes)
        {
            if (each == (byte)'\n')
            {
                lines.Enqueue(Encoding.ASCII.GetString([.. line]));
                line.Clear();
            }
            else if (line.Count < StdioFrame.MaxLineSize)
            {
                line.Add(each);
            }
        }
    }

    private void OpenFrame(string text)
    {
        switch (StdioFrame.TryRead(text) is { } frame ? cipher.TryOpen(frame) : null)
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
                    FileError.Io, "standard input is not what the key's holder sent to this run, or is out of order; use guardian attach");
                break;
        }
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
