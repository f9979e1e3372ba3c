using System.Buffers.Binary;

namespace Guardian.Attestation.Quotes;

/// <summary>Reads fixed formats front to back; every read is checked against what remains, and none throws.</summary>
internal ref struct ByteReader(ReadOnlyMemory<byte> bytes)
{
    private readonly ReadOnlyMemory<byte> bytes = bytes;

    /// <summary>Bytes read so far.</summary>
    public int Offset { get; private set; }

    public readonly int Remaining => bytes.Length - Offset;

    /// <summary>The bytes not yet read.</summary>
    public readonly ReadOnlyMemory<byte> Rest => bytes[Offset..];

    public bool TryReadUInt16(out ushort value)
    {
        var read = TryReadBytes(sizeof(ushort), out var field);
        value = read ? BinaryPrimitives.ReadUInt16LittleEndian(field.Span) : (ushort)0;
        return read;
    }

    public bool TryReadUInt32(out uint value)
    {
        var read = TryReadBytes(sizeof(uint), out var field);
        value = read ? BinaryPrimitives.ReadUInt32LittleEndian(field.Span) : 0;
        return read;
    }

    /// <summary>Takes the next bytes; a size stays unsigned until it is known to fit.</summary>
    public bool TryReadBytes(uint size, out ReadOnlyMemory<byte> field)
    {
        if (size > (uint)Remaining)
        {
            field = default;
            return false;
        }
        field = bytes.Slice(Offset, (int)size);
        Offset += (int)size;
        return true;
    }
}
