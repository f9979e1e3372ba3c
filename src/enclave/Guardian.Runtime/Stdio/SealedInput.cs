using System.Text;
using Guardian.Files;
using Guardian.Wasi.Streams;

namespace Guardian.Runtime.Stdio;

/// <summary>Standard input as the guest sees it; what comes in are the encrypted frames of somebody who has the key, for this run.</summary>
/// <param name="outside">Gives the frames.</param>
/// <param name="cipher">Of this stream and run, so that what was typed for another run is refused.</param>
/// <param name="onProblem">Is told, once, why input ended.</param>
internal sealed class SealedInput(IGuestStream outside, StdioCipher cipher, Action<string> onProblem) : IGuestStream
{
    private readonly byte[] buffer = new byte[4096];
    private readonly List<byte> line = [];
    private ReadOnlyMemory<byte> content;
    private readonly Queue<string> lines = new();
    private FileError ended = FileError.Success;
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
                    // The host closed its end. Without the end frame nobody knows whether this is all.
                    End(FileError.Io, "standard input was cut off");
                    break;
                }
                Split(buffer.AsSpan(0, count));
                continue;
            }
            Open(next);
        }
        if (content.IsEmpty)
        {
            return ended;
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

    public Readiness ReadReadiness() => !content.IsEmpty || isEnd || lines.Count > 0 ? Readiness.Now((ulong)content.Length) : outside.ReadReadiness();

    public Readiness WriteReadiness() => Readiness.Now();

    public void Dispose()
    {
        cipher.Dispose();
        outside.Dispose();
    }

    private void Split(ReadOnlySpan<byte> bytes)
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

    private void Open(string text)
    {
        switch (StdioFrame.TryRead(text) is { } frame ? cipher.TryOpen(frame) : null)
        {
            case (StdioFrameKind.Data, var data):
                content = data;
                break;
            case (StdioFrameKind.End, _):
                End(FileError.Success, null);
                break;
            case (StdioFrameKind.Start, _):
                break;
            default:
                End(FileError.Io, "standard input is not what the key's holder sent to this run, or not in its order; use guardian attach");
                break;
        }
    }

    private void End(FileError error, string? problem)
    {
        (isEnd, ended) = (true, error);
        if (problem is not null)
        {
            onProblem(problem);
        }
    }
}
