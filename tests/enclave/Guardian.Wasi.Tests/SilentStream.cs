using Guardian.Files;
using Guardian.Wasi.Streams;

namespace Guardian.Wasi.Tests;

/// <summary>A stream that is never ready.</summary>
internal sealed class SilentStream : IGuestStream
{
    public FileKind Kind => FileKind.Unknown;

    public FileError Read(Span<byte> buffer, out int read)
    {
        read = 0;
        return FileError.Again;
    }

    public FileError Write(ReadOnlySpan<byte> data, out int written)
    {
        written = 0;
        return FileError.Again;
    }

    // Descriptor -1 never becomes ready.
    public Readiness ReadReadiness() => Readiness.After(-1, forWriting: false);

    public Readiness WriteReadiness() => Readiness.After(-1, forWriting: true);

    public void Dispose()
    {
    }
}
