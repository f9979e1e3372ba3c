using System.Buffers.Binary;
using System.Text;

namespace Guardian.Libvirt.Rpc;

/// <summary>
/// Reads XDR (RFC 4506) front to back. Every read is first checked against the bytes that remain; a read that does not fit returns false,
/// and neither throws nor allocates.
/// </summary>
/// <param name="bytes">The bytes to read.</param>
public ref struct XdrReader(ReadOnlySpan<byte> bytes)
{
    private const int Unit = 4;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> bytes = bytes;

    /// <summary>The number of bytes read so far.</summary>
    public int Offset { get; private set; }

    /// <summary>The bytes not yet read.</summary>
    public readonly ReadOnlySpan<byte> Rest => bytes[Offset..];

    public bool TryReadUInt32(out uint value)
    {
        var read = TryReadBytes(Unit, out var field);
        value = read ? BinaryPrimitives.ReadUInt32BigEndian(field) : 0;
        return read;
    }

    public bool TryReadInt32(out int value)
    {
        var read = TryReadUInt32(out var raw);
        value = unchecked((int)raw);
        return read;
    }

    public bool TryReadUInt64(out ulong value)
    {
        var read = TryReadBytes(2 * Unit, out var field);
        value = read ? BinaryPrimitives.ReadUInt64BigEndian(field) : 0;
        return read;
    }

    /// <summary>Reads bytes that their length precedes; false when there are more than <paramref name="maxSize"/>.</summary>
    // RFC 4506, 4.10, variable-length opaque (4.11, string, is the same):
    //   uint32 length | length bytes | 0-3 zero bytes up to a multiple of 4
    public bool TryReadOpaque(uint maxSize, out ReadOnlySpan<byte> value)
    {
        value = default;
        return TryReadUInt32(out var size)
            && size <= maxSize
            && TryReadBytes(size, out value)
            && TryReadBytes((Unit - size % Unit) % Unit, out var padding)
            && !padding.ContainsAnyExcept((byte)0);
    }

    /// <summary>Reads a string; false unless it is UTF-8 without a zero character, as libvirt's are.</summary>
    public bool TryReadString(uint maxSize, out string value)
    {
        value = "";
        if (!TryReadOpaque(maxSize, out var text) || text.Contains((byte)0))
        {
            return false;
        }
        try
        {
            value = StrictUtf8.GetString(text);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>Reads a string that may be absent; null when it is.</summary>
    // RFC 4506, 4.19, optional-data: uint32 0, or uint32 1 and the value
    public bool TryReadOptionalString(uint maxSize, out string? value)
    {
        value = null;
        if (!TryReadUInt32(out var present) || present > 1)
        {
            return false;
        }
        if (present == 0)
        {
            return true;
        }
        var read = TryReadString(maxSize, out var text);
        value = read ? text : null;
        return read;
    }

    /// <summary>Reads bytes whose size the format fixes.</summary>
    public bool TryReadBytes(uint size, out ReadOnlySpan<byte> field)
    {
        if (size > (uint)(bytes.Length - Offset))
        {
            field = default;
            return false;
        }
        field = bytes.Slice(Offset, (int)size);
        Offset += (int)size;
        return true;
    }
}
