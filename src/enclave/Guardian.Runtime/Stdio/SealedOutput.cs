using System.Text;
using Guardian.Files;
using Guardian.Wasi.Streams;

namespace Guardian.Runtime.Stdio;

/// <summary>Standard output or error as the guest sees it; what leaves are encrypted frames.</summary>
/// <param name="outside">Takes the frames.</param>
/// <param name="cipher">Of this stream.</param>
internal sealed class SealedOutput(IGuestStream outside, StdioCipher cipher) : IGuestStream
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    private byte[] pending = [];
    private int sent;

    public FileKind Kind => FileKind.Unknown;

    public FileError Read(Span<byte> buffer, out int read)
    {
        read = 0;
        return FileError.BadDescriptor;
    }

    public FileError Write(ReadOnlySpan<byte> data, out int written)
    {
        written = 0;
        var error = Send();
        if (error != FileError.Success || data.IsEmpty)
        {
            return error;
        }
        written = Math.Min(data.Length, StdioFrame.MaxContentSize);
        Take(StdioFrameKind.Data, data[..written]);
        // What does not leave now leaves before the next frame; an error then is the next call's.
        _ = Send();
        return FileError.Success;
    }

    public Readiness ReadReadiness() => Readiness.Now();

    public Readiness WriteReadiness() => Send() == FileError.Again ? outside.WriteReadiness() : Readiness.Now();

    /// <summary>Sends a frame of the runtime's own, and waits until everything has left or cannot.</summary>
    public void Finish(StdioFrameKind kind, string content)
    {
        Drain();
        Take(kind, Encoding.UTF8.GetBytes(content));
        Drain();
    }

    public void Dispose()
    {
        cipher.Dispose();
        outside.Dispose();
    }

    private void Take(StdioFrameKind kind, ReadOnlySpan<byte> content)
    {
        pending = Encoding.ASCII.GetBytes(cipher.Seal(kind, content).ToString());
        sent = 0;
    }

    private void Drain()
    {
        while (Send() == FileError.Again)
        {
            Thread.Sleep(Pause);
        }
    }

    // Success when nothing is pending any more.
    private FileError Send()
    {
        while (sent < pending.Length)
        {
            var error = outside.Write(pending.AsSpan(sent), out var count);
            if (error != FileError.Success)
            {
                return error;
            }
            sent += count;
        }
        return FileError.Success;
    }
}
