using Guardian.Files;
using Guardian.Files.Native;

namespace Guardian.Wasi.Streams;

/// <summary>A plain descriptor of the host, such as standard input, without encryption.</summary>
public class HostStream : IGuestStream
{
    // PIPE_BUF: a pipe that is ready accepts as much without waiting. A larger write could block, and nothing could end it.
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

    /// <summary>Opens this process's standard input (0), output (1) or error (2). Disposing the stream leaves the descriptor
    /// open.</summary>
    /// <param name="descriptor">0, 1 or 2.</param>
    /// <returns>The stream; <c>/dev/null</c> if the process was started without it.</returns>
    public static HostStream Standard(int descriptor) => InheritedStreams.Has(descriptor)
        ? new(descriptor, Libc.IsTerminal(descriptor) == 1 ? FileKind.CharacterDevice : FileKind.Unknown, isOwned: false)
        : new(Libc.OpenAt(Libc.CurrentDirectory, "/dev/null", Libc.ReadWrite | Libc.CloseOnExec, 0), FileKind.Unknown, isOwned: true);

    /// <inheritdoc/>
    public virtual unsafe FileError Read(Span<byte> buffer, out int read)
    {
        fixed (byte* start = buffer)
        {
            read = 0;
            return Libc.PollNow(Descriptor, Libc.In) != 0
                ? ToError(Libc.Read(Descriptor, start, (nuint)buffer.Length), out read)
                : FileError.Again;
        }
    }

    /// <inheritdoc/>
    public virtual unsafe FileError Write(ReadOnlySpan<byte> data, out int written)
    {
        fixed (byte* start = data)
        {
            written = 0;
            return Libc.PollNow(Descriptor, Libc.Out) != 0
                ? ToError(Libc.Write(Descriptor, start, (nuint)Math.Min(data.Length, MaxWriteSize)), out written)
                : FileError.Again;
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

    private protected static FileError ToError(nint result, out int count)
    {
        count = result < 0 ? 0 : (int)result;
        // A signal to this process does not concern the guest, so the call is repeated.
        return result >= 0 ? FileError.Success : Errno.WasInterrupted ? FileError.Again : Errno.LastError;
    }

    /// <summary>Closes the descriptor, unless the process keeps it.</summary>
    protected virtual void Dispose(bool isDisposing)
    {
        if (!isDisposed && isOwned)
        {
            _ = Libc.Close(Descriptor);
        }
        isDisposed = true;
    }
}
