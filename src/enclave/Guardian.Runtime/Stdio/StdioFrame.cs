using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Guardian.Runtime.Stdio;

/// <summary>What a frame of a standard stream is.</summary>
public enum StdioFrameKind
{
    /// <summary>Bytes of the stream.</summary>
    Data = 0,

    /// <summary>The stream's end; nothing follows.</summary>
    End = 1,

    /// <summary>A run's first frame: its content names session, service and session hash.</summary>
    Start = 2,
}

/// <summary>
/// One frame as it stands in a log: a line of text, so that it passes through everything that carries lines (docs/spec/stdio.md).
/// </summary>
/// <param name="Stream"><c>in</c>, <c>out</c> or <c>err</c>.</param>
/// <param name="Run">32 lower-case hex digits, drawn by the runtime at each start.</param>
/// <param name="Sequence">Counts the frames of a stream of a run, from 0.</param>
/// <param name="Sealed">Ciphertext and tag.</param>
public sealed record StdioFrame(string Stream, string Run, ulong Sequence, byte[] Sealed)
{
    /// <summary>Bytes of content that a frame holds at most: its line is then below 4096 bytes, which a pipe that several streams share keeps in one piece.</summary>
    public const int MaxContentSize = 2880;

    /// <summary>Characters that a line has at most.</summary>
    public const int MaxLineSize = 4096;

    internal const string Mark = "gstd1";
    internal const int RunSize = 16;
    internal const int KeySize = 32;
    internal const int TagSize = 16;

    /// <summary>Reads a line, with or without its end.</summary>
    /// <returns>Null when it is no frame: another program's line, or one that spells a frame otherwise than <see cref="ToString"/> does.</returns>
    public static StdioFrame? TryRead(ReadOnlySpan<char> line)
    {
        const int parts = 5;
        Span<Range> ranges = stackalloc Range[parts + 1];
        line = line.TrimEnd("\r\n");
        if (line.Length > MaxLineSize || line.Split(ranges, ' ') != parts || line[ranges[0]] is not Mark || line[ranges[1]] is not ("in" or "out" or "err"))
        {
            return null;
        }
        var run = line[ranges[2]];
        var payload = line[ranges[4]];
        if (run.Length != 2 * RunSize || run.ContainsAnyExcept(Digits)
            || !ulong.TryParse(line[ranges[3]], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence))
        {
            return null;
        }
        var bytes = new byte[payload.Length / 4 * 3];
        if (!Convert.TryFromBase64Chars(payload, bytes, out var size) || size <= TagSize)
        {
            return null;
        }
        // Base64 ignores the last bits before its padding and white space, and numbers may begin with zeros: what is altered there would pass unseen.
        var frame = new StdioFrame(line[ranges[1]].ToString(), run.ToString(), sequence, bytes[..size]);
        return line.SequenceEqual(frame.ToString().AsSpan().TrimEnd('\n')) ? frame : null;
    }

    /// <summary>The line, with its line feed.</summary>
    public override string ToString() => $"{Mark} {Stream} {Run} {Sequence.ToString(CultureInfo.InvariantCulture)} {Convert.ToBase64String(Sealed)}\n";

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");
}

/// <summary>The cipher of one stream of one run: frames can only be opened in the order in which they were sealed. Used by one thread at a time.</summary>
public sealed class StdioCipher : IDisposable
{
    private const int HeaderSize = 3;
    private const int PaddedTo = 64;

    private readonly AesGcm cipher;

    /// <param name="key">The service's key, 32 bytes.</param>
    /// <param name="run">32 hex digits.</param>
    /// <param name="stream"><c>in</c>, <c>out</c> or <c>err</c>.</param>
    public StdioCipher(ReadOnlySpan<byte> key, string run, string stream)
    {
        (Run, Stream) = (run, stream);
        Span<byte> own = stackalloc byte[StdioFrame.KeySize];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, own, Convert.FromHexString(run), Encoding.ASCII.GetBytes($"guardian stdio v1 {stream}"));
        cipher = new AesGcm(own, StdioFrame.TagSize);
        CryptographicOperations.ZeroMemory(own);
    }

    /// <summary>The run.</summary>
    public string Run { get; }

    /// <summary>The stream.</summary>
    public string Stream { get; }

    /// <summary>How many frames were sealed or opened.</summary>
    public ulong Sequence { get; private set; }

    /// <summary>Draws the name of a run.</summary>
    public static string NewRun() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(StdioFrame.RunSize));

    /// <summary>Seals the next frame.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="content">At most <see cref="StdioFrame.MaxContentSize"/> bytes; padded to a multiple of 64, so that the exact size does not show.</param>
    public StdioFrame Seal(StdioFrameKind kind, ReadOnlySpan<byte> content)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(content.Length, StdioFrame.MaxContentSize);
        // kind 1 | size of the content 2, big-endian | content | zeros
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
    /// <returns>Null when it is another stream's or run's, out of order, sealed by another key, or changed; the cipher then stays where it was.</returns>
    public (StdioFrameKind Kind, byte[] Content)? TryOpen(StdioFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        if (frame.Stream != Stream || frame.Run != Run || frame.Sequence != Sequence || frame.Sealed.Length <= StdioFrame.TagSize + HeaderSize)
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

    /// <summary>Goes on behind a gap: the next frame to open is this one.</summary>
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
