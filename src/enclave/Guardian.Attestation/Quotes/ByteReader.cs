using System.Buffers.Binary;

namespace Guardian.Attestation.Quotes;

/// <summary>Reads fixed formats front to back. Every read is checked against the remaining bytes, and none throws.</summary>
internal ref struct ByteReader(ReadOnlyMemory<byte> bytes)
{
    private readonly ReadOnlyMemory<byte> bytes = bytes;

    /// <summary>Bytes read so far.</summary>
    public int Offset { get; private set; }

    public readonly int Remaining => bytes.Length - Offset;

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

    /// <summary>Reads the next bytes. A size stays unsigned until it is known to fit.</summary>
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
