using Guardian.Files;

namespace Guardian.Wasi.Streams;

/// <summary>Whether a stream can go on now, or what has to happen first.</summary>
/// <param name="IsReady">Reading or writing would not wait; true also for an error or the end.</param>
/// <param name="Size">When ready: bytes that are there, as far as known.</param>
/// <param name="HasHungUp">The other side has gone.</param>
/// <param name="Descriptor">When not ready: the descriptor of the operating system to wait for.</param>
/// <param name="ForWriting">When not ready: wait until it can be written, not read.</param>
public readonly record struct Readiness(bool IsReady, ulong Size, bool HasHungUp, int Descriptor, bool ForWriting)
{
    /// <summary>Ready.</summary>
    public static Readiness Now(ulong size = 0, bool hasHungUp = false) => new(true, size, hasHungUp, -1, false);

    /// <summary>Ready once a descriptor is.</summary>
    public static Readiness After(int descriptor, bool forWriting) => new(false, 0, false, descriptor, forWriting);
}

/// <summary>
/// Bytes between a guest and the outside: standard input and output, a connection. What a shield puts between them is behind this interface.
/// Nothing here waits, so that every wait of a guest can be ended in one place.
/// </summary>
/// <remarks>Used by one thread at a time. Calls do not throw for what the other side does.</remarks>
public interface IGuestStream : IDisposable
{
    /// <summary><see cref="FileKind.CharacterDevice"/> for a terminal, <see cref="FileKind.StreamSocket"/> for a connection, else <see cref="FileKind.Unknown"/>.</summary>
    FileKind Kind { get; }

    /// <summary>Reads what is there; 0 bytes with success are the end, <see cref="FileError.Again"/> means that nothing is there yet.</summary>
    FileError Read(Span<byte> buffer, out int read);

    /// <summary>Writes what fits; <see cref="FileError.Again"/> when nothing does now.</summary>
    FileError Write(ReadOnlySpan<byte> data, out int written);

    /// <summary>Whether <see cref="Read"/> would give something else than <see cref="FileError.Again"/>.</summary>
    Readiness ReadReadiness();

    /// <summary>Whether <see cref="Write"/> would.</summary>
    Readiness WriteReadiness();
}

/// <summary>A connection.</summary>
public interface IGuestSocket : IGuestStream
{
    /// <summary>Reads like <see cref="IGuestStream.Read"/>, and leaves the bytes there.</summary>
    FileError Peek(Span<byte> buffer, out int read);

    /// <summary>Ends one direction or both.</summary>
    FileError Shutdown(bool reading, bool writing);
}

/// <summary>A socket that listens.</summary>
public interface IGuestListener : IDisposable
{
    /// <summary>Takes a connection; <see cref="FileError.Again"/> when there is none.</summary>
    FileError Accept(out IGuestSocket? connection);

    /// <summary>Whether <see cref="Accept"/> would give something else than <see cref="FileError.Again"/>.</summary>
    Readiness AcceptReadiness();
}

/// <summary>A name that stands for a connection: opening it connects. WASI preview 1 has no call for that.</summary>
public interface IConnectionNode : INode
{
    /// <summary>Connects; waits until that is done or has failed.</summary>
    FileError Connect(out IGuestSocket? connection);
}
