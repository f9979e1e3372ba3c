using Guardian.Files;
using Guardian.Files.Native;

namespace Guardian.Wasi.Streams;

/// <summary>A descriptor of the host as it is, such as standard input: nothing is encrypted.</summary>
public class HostStream : IGuestStream
{
    // What a pipe takes for certain when it takes anything (PIPE_BUF): a larger write could wait, and could not be ended.
    private const int MaxWriteSize = 4096;
    private const nuint AvailableRequest = 0x541B;

    private readonly bool isOwned;
    private bool isDisposed;

    private protected HostStream(int descriptor, FileKind kind, bool isOwned)
    {
        Descriptor = descriptor;
        Kind = kind;
        this.isOwned = isOwned;
    }

    /// <inheritdoc/>
    public FileKind Kind { get; }

    private protected int Descriptor { get; }

    /// <summary>This process's standard input (0), output (1) or error (2); it stays open when the stream is disposed.</summary>
    public static HostStream Standard(int descriptor) =>
        new(descriptor, Libc.IsTerminal(descriptor) == 1 ? FileKind.CharacterDevice : FileKind.Unknown, isOwned: false);

    /// <inheritdoc/>
    public virtual unsafe FileError Read(Span<byte> buffer, out int read)
    {
        fixed (byte* start = buffer)
        {
            read = 0;
            return Libc.PollNow(Descriptor, Libc.In) == 0 ? FileError.Again : Finish(Libc.Read(Descriptor, start, (nuint)buffer.Length), out read);
        }
    }

    /// <inheritdoc/>
    public virtual unsafe FileError Write(ReadOnlySpan<byte> data, out int written)
    {
        fixed (byte* start = data)
        {
            written = 0;
            return Libc.PollNow(Descriptor, Libc.Out) == 0 ? FileError.Again : Finish(Libc.Write(Descriptor, start, (nuint)Math.Min(data.Length, MaxWriteSize)), out written);
        }
    }

    /// <inheritdoc/>
    public unsafe Readiness ReadReadiness()
    {
        var occurred = Libc.PollNow(Descriptor, Libc.In);
        if (occurred == 0)
        {
            return Readiness.After(Descriptor, forWriting: false);
        }
        int available;
        var isKnown = Libc.Control(Descriptor, AvailableRequest, &available) == 0 && available > 0;
        return Readiness.Now(isKnown ? (ulong)available : 0, (occurred & Libc.HangUp) != 0);
    }

    /// <inheritdoc/>
    public Readiness WriteReadiness() => Libc.PollNow(Descriptor, Libc.Out) is not 0 and var occurred
        ? Readiness.Now(0, (occurred & (Libc.HangUp | Libc.Error)) != 0)
        : Readiness.After(Descriptor, forWriting: true);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(isDisposing: true);
        GC.SuppressFinalize(this);
    }

    private protected static FileError Finish(nint result, out int count)
    {
        count = result < 0 ? 0 : (int)result;
        // A signal to this process is nothing to the guest: it tries again.
        return result >= 0 ? FileError.Success : Errno.WasInterrupted ? FileError.Again : Errno.LastError;
    }

    /// <summary>Closes the descriptor, unless it is one of the process's own.</summary>
    protected virtual void Dispose(bool isDisposing)
    {
        if (!isDisposed && isOwned)
        {
            _ = Libc.Close(Descriptor);
        }
        isDisposed = true;
    }
}
