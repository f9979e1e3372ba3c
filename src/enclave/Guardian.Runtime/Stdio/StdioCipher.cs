using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Guardian.Runtime.Stdio;

/// <summary>The cipher of one stream of one run. It opens frames only in the order in which they were sealed. Used by one thread at a
/// time.</summary>
public sealed class StdioCipher : IDisposable
{
    private const int HeaderSize = 3;
    private const int PaddedTo = 64;

    private readonly AesGcm cipher;

    /// <param name="key">The service's key, 32 bytes.</param>
    /// <param name="run">The run, 32 hex digits.</param>
    /// <param name="stream"><c>in</c>, <c>out</c> or <c>err</c>.</param>
    public StdioCipher(ReadOnlySpan<byte> key, string run, string stream)
    {
        (Run, Stream) = (run, stream);
        Span<byte> own = stackalloc byte[StdioFrame.KeySize];
        var purpose = Encoding.ASCII.GetBytes($"guardian stdio v1 {stream}");
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, own, Convert.FromHexString(run), purpose);
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
        // kind 1 | content size 2, big-endian | content | zeros
        var plaintext = new byte[(HeaderSize + content.Length + PaddedTo - 1) / PaddedTo * PaddedTo];
        plaintext[0] = (byte)kind;
        BinaryPrimitives.WriteUInt16BigEndian(plaintext.AsSpan(1), (ushort)content.Length);
        content.CopyTo(plaintext.AsSpan(HeaderSize));
        var bytes = new byte[plaintext.Length + StdioFrame.TagSize];
        cipher.Encrypt(Nonce(Sequence), plaintext, bytes.AsSpan(0, plaintext.Length), bytes.AsSpan(plaintext.Length));
        CryptographicOperations.ZeroMemory(plaintext);
        return new StdioFrame(Stream, Run, Sequence++, bytes);
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
        var plaintext = new byte[frame.Sealed.Length - StdioFrame.TagSize];
        try
        {
            cipher.Decrypt(Nonce(Sequence), frame.Sealed.AsSpan(0, plaintext.Length), frame.Sealed.AsSpan(plaintext.Length), plaintext);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
        var size = BinaryPrimitives.ReadUInt16BigEndian(plaintext.AsSpan(1));
        if (plaintext[0] > (byte)StdioFrameKind.Start || size > plaintext.Length - HeaderSize)
        {
            return null;
        }
        Sequence++;
        return ((StdioFrameKind)plaintext[0], plaintext[HeaderSize..(HeaderSize + size)]);
    }

    /// <summary>Skips a gap in the log.</summary>
    /// <param name="sequence">The number of the next frame to open.</param>
    public void SkipTo(ulong sequence) => Sequence = sequence;

    /// <inheritdoc/>
    public void Dispose() => cipher.Dispose();

    private static byte[] Nonce(ulong sequence)
    {
        var nonce = new byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(nonce.AsSpan(4), sequence);
        return nonce;
    }
}
