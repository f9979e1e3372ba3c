using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Guardian.Node.Libvirt;

/// <summary>Writes XDR (RFC 4506).</summary>
internal sealed class XdrWriter
{
    private readonly ArrayBufferWriter<byte> bytes = new(256);

    public XdrWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes.GetSpan(4), value);
        bytes.Advance(4);
        return this;
    }

    public XdrWriter Int32(int value) => UInt32(unchecked((uint)value));

    /// <summary>Bytes whose size the format fixes.</summary>
    public XdrWriter Bytes(ReadOnlySpan<byte> value)
    {
        bytes.Write(value);
        return this;
    }

    public XdrWriter String(string value)
    {
        var size = Encoding.UTF8.GetByteCount(value);
        var padded = (size + 3) / 4 * 4;
        UInt32((uint)size);
        var field = bytes.GetSpan(padded)[..padded];
        Encoding.UTF8.GetBytes(value, field);
        field[size..].Clear();
        bytes.Advance(padded);
        return this;
    }

    public XdrWriter OptionalString(string? value) => value is null ? UInt32(0) : UInt32(1).String(value);

    public byte[] ToArray() => bytes.WrittenSpan.ToArray();
}
