using Guardian.Files;

namespace Guardian.Wasi.Streams;

/// <summary>Whether a stream is ready now, or the descriptor to wait for.</summary>
/// <param name="IsReady">Whether reading or writing would return at once; true also for an error or the end.</param>
/// <param name="Size">If ready: the number of available bytes, as far as known.</param>
/// <param name="HasHungUp">Whether the other side has closed.</param>
/// <param name="Descriptor">If not ready: the operating system's descriptor to wait for.</param>
/// <param name="ForWriting">If not ready: whether to wait until the descriptor is writable, not readable.</param>
public readonly record struct Readiness(bool IsReady, ulong Size, bool HasHungUp, int Descriptor, bool ForWriting)
{
    /// <summary>The stream is ready.</summary>
    public static Readiness Now(ulong size = 0, bool hasHungUp = false) => new(true, size, hasHungUp, -1, false);

    /// <summary>The stream will be ready when a descriptor is.</summary>
    public static Readiness After(int descriptor, bool forWriting) => new(false, 0, false, descriptor, forWriting);
}

/// <summary>
/// A stream of bytes between a guest and the outside: standard input or output, or a connection. A shield implements this interface to
/// encrypt them. No member waits, so that one place can end every wait of a guest.
/// </summary>
/// <remarks>Used by one thread at a time. No call throws for anything that the other side does.</remarks>
public interface IGuestStream : IDisposable
{
    /// <summary><see cref="FileKind.CharacterDevice"/> for a terminal, <see cref="FileKind.StreamSocket"/> for a connection, otherwise
    /// <see cref="FileKind.Unknown"/>.</summary>
    FileKind Kind { get; }

    /// <summary>Reads the available bytes. Success with 0 bytes means the end; <see cref="FileError.Again"/> means that no byte is there
    /// yet.</summary>
    FileError Read(Span<byte> buffer, out int read);

    /// <summary>Writes as many bytes as fit; <see cref="FileError.Again"/> if none fits now.</summary>
    FileError Write(ReadOnlySpan<byte> data, out int written);

    /// <summary>Whether <see cref="Read"/> would return anything but <see cref="FileError.Again"/>.</summary>
    Readiness ReadReadiness();

    /// <summary>Whether <see cref="Write"/> would return anything but <see cref="FileError.Again"/>.</summary>
    Readiness WriteReadiness();
}

/// <summary>A connection.</summary>
public interface IGuestSocket : IGuestStream
{
    /// <summary>Reads like <see cref="IGuestStream.Read"/>, but does not consume the bytes.</summary>
    FileError Peek(Span<byte> buffer, out int read);

    /// <summary>Ends one direction or both.</summary>
    FileError Shutdown(bool reading, bool writing);
}

/// <summary>A socket that listens.</summary>
public interface IGuestListener : IDisposable
{
    /// <summary>Accepts a connection; <see cref="FileError.Again"/> if none waits.</summary>
    FileError Accept(out IGuestSocket? connection);

    /// <summary>Whether <see cref="Accept"/> would return anything but <see cref="FileError.Again"/>.</summary>
    Readiness AcceptReadiness();
}

/// <summary>A name in a directory that stands for a connection. Opening it connects, because WASI preview 1 has no call to
/// connect.</summary>
public interface IConnectionNode : INode
{
    /// <summary>Connects. Blocks until that is done or has failed.</summary>
    FileError Connect(out IGuestSocket? connection);
}
