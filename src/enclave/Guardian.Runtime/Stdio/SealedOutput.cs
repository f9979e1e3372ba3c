using System.Text;
using Guardian.Files;
using Guardian.Wasi.Streams;

namespace Guardian.Runtime.Stdio;

/// <summary>The guest's standard output or error. Outside it is encrypted frames.</summary>
/// <param name="outside">The stream of frames.</param>
/// <param name="cipher">The cipher of this stream and run.</param>
/// <param name="isBinary">Whether frames are written as bytes, except the start frame, which announces that.</param>
/// <param name="ending">Cancelled by a signal that ends the program: frames then wait some seconds more for a reader.</param>
internal sealed class SealedOutput(IGuestStream outside, StdioCipher cipher, bool isBinary, CancellationToken ending) : IGuestStream
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(3);

    private readonly byte[] pending = new byte[isBinary ? StdioFrame.MaxBinarySize : StdioFrame.MaxLineSize];
    private int size;
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
        written = Math.Min(data.Length, isBinary ? StdioFrame.MaxBinaryContentSize : StdioFrame.MaxContentSize);
        SealFrame(StdioFrameKind.Data, data[..written]);
        // The next call sends the rest and reports an error.
        _ = SendPending();
        return FileError.Success;
    }

    public Readiness ReadReadiness() => Readiness.Now();

    public Readiness WriteReadiness() => SendPending() == FileError.Again ? outside.WriteReadiness() : Readiness.Now();

    /// <summary>Sends a frame of the runtime's own. Blocks until everything is sent, sending fails, or nobody reads although the program
    /// was ended.</summary>
    public void SendFrame(StdioFrameKind kind, string content)
    {
        if (TrySendAll())
        {
            SealFrame(kind, Encoding.UTF8.GetBytes(content));
            TrySendAll();
        }
    }

    public void Dispose()
    {
        cipher.Dispose();
        outside.Dispose();
    }

    private void SealFrame(StdioFrameKind kind, ReadOnlySpan<byte> content)
    {
        size = isBinary && kind != StdioFrameKind.Start
            ? cipher.SealBinary(kind, content, pending)
            : Encoding.ASCII.GetBytes(cipher.Seal(kind, content).ToString(), pending);
        sent = 0;
    }

    private bool TrySendAll()
    {
        for (var left = LastWait; SendPending() == FileError.Again; left -= ending.IsCancellationRequested ? Pause : TimeSpan.Zero)
        {
            if (left <= TimeSpan.Zero)
            {
                return false;
            }
            Thread.Sleep(Pause);
        }
        return true;
    }

    // Success means that nothing is pending any more.
    private FileError SendPending()
    {
        while (sent < size)
        {
            var error = outside.Write(pending.AsSpan(sent, size - sent), out var count);
            if (error != FileError.Success)
            {
                return error;
            }
            sent += count;
        }
        return FileError.Success;
    }
}
