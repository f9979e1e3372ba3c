using Guardian.Files;
using Guardian.Wasi.Streams;

namespace Guardian.Wasi.Tests;

/// <summary>A stream in memory: reads come from the given bytes, and all writes are collected.</summary>
internal sealed class MemoryGuestStream(byte[]? input = null) : IGuestStream
{
    private readonly MemoryStream output = new();
    private int position;

    public FileKind Kind { get; init; } = FileKind.Unknown;

    public byte[] Written => output.ToArray();

    public FileError Read(Span<byte> buffer, out int read)
    {
        read = Math.Min(buffer.Length, (input?.Length ?? 0) - position);
        input.AsSpan(position, read).CopyTo(buffer);
        position += read;
        return FileError.Success;
    }

    public FileError Write(ReadOnlySpan<byte> data, out int written)
    {
        output.Write(data);
        written = data.Length;
        return FileError.Success;
    }

    public Readiness ReadReadiness() => Readiness.Now((ulong)((input?.Length ?? 0) - position));

    public Readiness WriteReadiness() => Readiness.Now();

    public void Dispose()
    {
    }
}
