using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;

namespace Guardian.Runtime.Stdio;

/// <summary>The kinds of frames of a standard stream.</summary>
public enum StdioFrameKind
{
    /// <summary>Bytes of the stream.</summary>
    Data = 0,

    /// <summary>The end of the stream.</summary>
    End = 1,

    /// <summary>The first frame of a run; its content names session, service and session hash.</summary>
    Start = 2,
}

/// <summary>
/// One frame (docs/spec/stdio.md). As a line of text it passes through everything that carries lines; as bytes it is fast in a pipe.
/// </summary>
/// <param name="Stream"><c>in</c>, <c>out</c> or <c>err</c>.</param>
/// <param name="Run">32 lower-case hex digits; the runtime draws them at each start.</param>
/// <param name="Sequence">The number of the frame in its stream and run, from 0.</param>
/// <param name="Sealed">Ciphertext and tag.</param>
public sealed record StdioFrame(string Stream, string Run, ulong Sequence, byte[] Sealed)
{
    /// <summary>The largest content of a frame, in bytes. Its line then stays below 4096 bytes, which a shared pipe keeps in one
    /// piece.</summary>
    public const int MaxContentSize = 2880;

    /// <summary>The largest content of a frame that is written as bytes. Its plaintext is then 64 KiB, as much as a pipe holds.</summary>
    public const int MaxBinaryContentSize = MaxPlaintextSize - PlaintextHeaderSize;

    /// <summary>The size of a frame that is written as bytes, without its ciphertext and tag.</summary>
    public const int BinaryHeaderSize = 35;

    /// <summary>The largest frame that is written as bytes.</summary>
    public const int MaxBinarySize = BinaryHeaderSize + MaxPlaintextSize + TagSize;

    /// <summary>The longest line, in characters.</summary>
    public const int MaxLineSize = 4096;

    /// <summary>The end of the content of a run's start frames when <c>out</c> and <c>in</c> may have binary frames.</summary>
    public const string BinaryAnnouncement = " binary";

    internal const string Mark = "gstd1";
    internal const int RunSize = 16;
    internal const int KeySize = 32;
    internal const int TagSize = 16;
    internal const int PlaintextHeaderSize = 3;
    internal const int PaddedTo = 64;
    internal const int MaxPlaintextSize = 64 * 1024;

    private static readonly string[] StreamNames = ["in", "out", "err"];

    /// <summary>The first bytes of a frame that is written as bytes. No line of text begins with NUL.</summary>
    internal static ReadOnlySpan<byte> BinaryMark => "\0gstd2"u8;

    /// <summary>Reads a line, with or without its line feed.</summary>
    /// <returns>The frame; null for another program's line, and for a spelling that <see cref="ToString"/> does not produce.</returns>
    public static StdioFrame? TryRead(ReadOnlySpan<char> line)
    {
        const int parts = 5;
        Span<Range> ranges = stackalloc Range[parts + 1];
        line = line.TrimEnd("\r\n");
        if (line.Length > MaxLineSize || line.Split(ranges, ' ') != parts
            || line[ranges[0]] is not Mark || line[ranges[1]] is not ("in" or "out" or "err"))
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
        // Base64 ignores white space and the last bits before its padding, and numbers may begin with zeros. Changes there would go
        // unnoticed.
        var frame = new StdioFrame(line[ranges[1]].ToString(), run.ToString(), sequence, bytes[..size]);
        return line.SequenceEqual(frame.ToString().AsSpan().TrimEnd('\n')) ? frame : null;
    }

    // docs/spec/stdio.md, Binary frames:
    //   mark 6 | stream 1 (0 in, 1 out, 2 err) | run 16 | sequence 8 | size of the rest 4, big-endian | ciphertext and tag
    /// <summary>Reads the header of a frame that is written as bytes.</summary>
    /// <param name="header">At least <see cref="BinaryHeaderSize"/> bytes.</param>
    /// <returns>The size of the whole frame; null when the bytes begin no frame. Never throws for any content.</returns>
    public static int? TryReadSize(ReadOnlySpan<byte> header)
    {
        if (header.Length < BinaryHeaderSize || !header.StartsWith(BinaryMark) || header[BinaryMark.Length] >= StreamNames.Length)
        {
            return null;
        }
        var size = BinaryPrimitives.ReadUInt32BigEndian(header[(BinaryHeaderSize - sizeof(uint))..]);
        return size is > TagSize and <= MaxPlaintextSize + TagSize && (size - TagSize) % PaddedTo == 0
            ? BinaryHeaderSize + (int)size
            : null;
    }

    /// <summary>Reads a frame that is written as bytes.</summary>
    /// <param name="bytes">The frame and nothing else.</param>
    /// <returns>The frame; null when the bytes are none. Never throws for any content.</returns>
    public static StdioFrame? TryReadBinary(ReadOnlySpan<byte> bytes)
    {
        if (TryReadSize(bytes) != bytes.Length)
        {
            return null;
        }
        var rest = bytes[(BinaryMark.Length + 1)..];
        return new StdioFrame(
            StreamNames[bytes[BinaryMark.Length]], Convert.ToHexStringLower(rest[..RunSize]),
            BinaryPrimitives.ReadUInt64BigEndian(rest[RunSize..]), bytes[BinaryHeaderSize..].ToArray());
    }

    /// <summary>Writes the header of a frame that is written as bytes.</summary>
    internal static void WriteHeader(Span<byte> target, string stream, ReadOnlySpan<byte> run, ulong sequence, int sealedSize)
    {
        BinaryMark.CopyTo(target);
        target[BinaryMark.Length] = (byte)Array.IndexOf(StreamNames, stream);
        var rest = target[(BinaryMark.Length + 1)..];
        run.CopyTo(rest);
        BinaryPrimitives.WriteUInt64BigEndian(rest[RunSize..], sequence);
        BinaryPrimitives.WriteUInt32BigEndian(rest[(RunSize + sizeof(ulong))..], (uint)sealedSize);
    }

    /// <summary>The frame as bytes.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[BinaryHeaderSize + Sealed.Length];
        WriteHeader(bytes, Stream, Convert.FromHexString(Run), Sequence, Sealed.Length);
        Sealed.CopyTo(bytes, BinaryHeaderSize);
        return bytes;
    }

    /// <summary>The line, with its line feed.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Mark} {Stream} {Run} {Sequence} {Convert.ToBase64String(Sealed)}\n");

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");
}
