using System.Buffers;
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
/// One frame, which is one line of text in a log, so that it passes through everything that carries lines (docs/spec/stdio.md).
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

    /// <summary>The longest line, in characters.</summary>
    public const int MaxLineSize = 4096;

    internal const string Mark = "gstd1";
    internal const int RunSize = 16;
    internal const int KeySize = 32;
    internal const int TagSize = 16;

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

    /// <summary>The line, with its line feed.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Mark} {Stream} {Run} {Sequence} {Convert.ToBase64String(Sealed)}\n");

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");
}
