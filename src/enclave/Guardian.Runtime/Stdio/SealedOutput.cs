using System.Text;
using Guardian.Files;
using Guardian.Wasi.Streams;

namespace Guardian.Runtime.Stdio;

/// <summary>The guest's standard output or error. Outside it is encrypted frames.</summary>
/// <param name="outside">The stream of frames.</param>
/// <param name="cipher">The cipher of this stream and run.</param>
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
        var error = SendPending();
        if (error != FileError.Success || data.IsEmpty)
        {
            return error;
        }
        written = Math.Min(data.Length, StdioFrame.MaxContentSize);
        SealFrame(StdioFrameKind.Data, data[..written]);
        // The next call sends the rest and reports an error.
        _ = SendPending();
        return FileError.Success;
    }

    public Readiness ReadReadiness() => Readiness.Now();

    public Readiness WriteReadiness() => SendPending() == FileError.Again ? outside.WriteReadiness() : Readiness.Now();

    /// <summary>Sends a frame of the runtime's own. Blocks until everything is sent or sending fails.</summary>
    public void SendFrame(StdioFrameKind kind, string content)
    {
        SendAll();
        SealFrame(kind, Encoding.UTF8.GetBytes(content));
        SendAll();
    }

    public void Dispose()
    {
        cipher.Dispose();
        outside.Dispose();
    }

    private void SealFrame(StdioFrameKind kind, ReadOnlySpan<byte> content)
    {
        pending = Encoding.ASCII.GetBytes(cipher.Seal(kind, content).ToString());
        sent = 0;
    }

    private void SendAll()
    {
        while (SendPending() == FileError.Again)
        {
            Thread.Sleep(Pause);
        }
    }

    // Success means that nothing is pending any more.
    private FileError SendPending()
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
