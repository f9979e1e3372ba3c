using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Guardian.Runtime.Stdio;

/// <summary>The cipher of one stream of one run. It opens frames only in the order in which they were sealed. Used by one thread at a
/// time.</summary>
public sealed class StdioCipher : IDisposable
{
    private const int HeaderSize = StdioFrame.PlaintextHeaderSize;
    private const int PaddedTo = StdioFrame.PaddedTo;

    private readonly AesGcm cipher;
    private readonly byte[] runBytes;

    /// <param name="key">The service's key, 32 bytes.</param>
    /// <param name="run">The run, 32 hex digits.</param>
    /// <param name="stream"><c>in</c>, <c>out</c> or <c>err</c>.</param>
    public StdioCipher(ReadOnlySpan<byte> key, string run, string stream)
    {
        (Run, Stream) = (run, stream);
        runBytes = Convert.FromHexString(run);
        Span<byte> own = stackalloc byte[StdioFrame.KeySize];
        var purpose = Encoding.ASCII.GetBytes($"guardian stdio v1 {stream}");
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, own, runBytes, purpose);
        cipher = new AesGcm(own, StdioFrame.TagSize);
        CryptographicOperations.ZeroMemory(own);
    }

    /// <summary>The run.</summary>
    public string Run { get; }

    /// <summary>The stream.</summary>
    public string Stream { get; }

    /// <summary>The number of frames that were sealed or opened.</summary>
    public ulong Sequence { get; private set; }

    /// <summary>Draws a random name for a run.</summary>
    public static string NewRun() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(StdioFrame.RunSize));

    /// <summary>Seals the next frame.</summary>
    /// <param name="kind">The kind of frame.</param>
    /// <param name="content">At most <see cref="StdioFrame.MaxContentSize"/> bytes. Padding to a multiple of 64 hides the exact
    /// size.</param>
    public StdioFrame Seal(StdioFrameKind kind, ReadOnlySpan<byte> content)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(content.Length, StdioFrame.MaxContentSize);
        var bytes = new byte[PaddedSize(content.Length) + StdioFrame.TagSize];
        SealInto(bytes, kind, content);
        return new StdioFrame(Stream, Run, Sequence++, bytes);
    }

    /// <summary>Seals the next frame as bytes.</summary>
    /// <param name="kind">The kind of frame.</param>
    /// <param name="content">At most <see cref="StdioFrame.MaxBinaryContentSize"/> bytes.</param>
    /// <param name="target">At least <see cref="StdioFrame.MaxBinarySize"/> bytes.</param>
    /// <returns>The size of the frame.</returns>
    public int SealBinary(StdioFrameKind kind, ReadOnlySpan<byte> content, Span<byte> target)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(content.Length, StdioFrame.MaxBinaryContentSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(target.Length, StdioFrame.MaxBinarySize);
        var size = PaddedSize(content.Length) + StdioFrame.TagSize;
        StdioFrame.WriteHeader(target, Stream, runBytes, Sequence, size);
        SealInto(target.Slice(StdioFrame.BinaryHeaderSize, size), kind, content);
        Sequence++;
        return StdioFrame.BinaryHeaderSize + size;
    }

    /// <summary>Opens the frame that follows the last one.</summary>
    /// <returns>The content; null for a frame of another stream or run, out of order, of another key, or changed. The cipher then keeps its
    /// position.</returns>
    public (StdioFrameKind Kind, byte[] Content)? TryOpen(StdioFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        if (frame.Stream != Stream || frame.Run != Run || frame.Sequence != Sequence
            || frame.Sealed.Length <= StdioFrame.TagSize + HeaderSize)
        {
            return null;
        }
        var size = frame.Sealed.Length - StdioFrame.TagSize;
        if (size > StdioFrame.MaxPlaintextSize)
        {
            return null;
        }
        var rented = ArrayPool<byte>.Shared.Rent(size);
        var plaintext = rented.AsSpan(0, size);
        try
        {
            cipher.Decrypt(Nonce(Sequence), frame.Sealed.AsSpan(0, size), frame.Sealed.AsSpan(size), plaintext);
            var contentSize = BinaryPrimitives.ReadUInt16BigEndian(plaintext[1..]);
            if (plaintext[0] > (byte)StdioFrameKind.Start || contentSize > plaintext.Length - HeaderSize)
            {
                return null;
            }
            Sequence++;
            return ((StdioFrameKind)plaintext[0], plaintext.Slice(HeaderSize, contentSize).ToArray());
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plaintext);
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>Skips a gap in the log.</summary>
    /// <param name="sequence">The number of the next frame to open.</param>
    public void SkipTo(ulong sequence) => Sequence = sequence;

    /// <inheritdoc/>
    public void Dispose() => cipher.Dispose();

    private static int PaddedSize(int contentSize) => (HeaderSize + contentSize + PaddedTo - 1) / PaddedTo * PaddedTo;

    // kind 1 | content size 2, big-endian | content | zeros
    private void SealInto(Span<byte> target, StdioFrameKind kind, ReadOnlySpan<byte> content)
    {
        var size = PaddedSize(content.Length);
        var rented = ArrayPool<byte>.Shared.Rent(size);
        var plaintext = rented.AsSpan(0, size);
        plaintext[0] = (byte)kind;
        BinaryPrimitives.WriteUInt16BigEndian(plaintext[1..], (ushort)content.Length);
        content.CopyTo(plaintext[HeaderSize..]);
        plaintext[(HeaderSize + content.Length)..].Clear();
        cipher.Encrypt(Nonce(Sequence), plaintext, target[..size], target[size..]);
        CryptographicOperations.ZeroMemory(plaintext);
        ArrayPool<byte>.Shared.Return(rented);
    }

    private static byte[] Nonce(ulong sequence)
    {
        var nonce = new byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(nonce.AsSpan(4), sequence);
        return nonce;
    }
}
