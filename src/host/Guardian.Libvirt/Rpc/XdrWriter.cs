using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Guardian.Libvirt.Rpc;

/// <summary>Writes XDR (RFC 4506). Each method returns the writer.</summary>
public sealed class XdrWriter
{
    private readonly ArrayBufferWriter<byte> bytes = new(256);

    public XdrWriter WriteUInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes.GetSpan(4), value);
        bytes.Advance(4);
        return this;
    }

    public XdrWriter WriteInt32(int value) => WriteUInt32(unchecked((uint)value));

    /// <summary>Writes bytes whose size the format fixes.</summary>
    public XdrWriter WriteBytes(ReadOnlySpan<byte> value)
    {
        bytes.Write(value);
        return this;
    }

    public XdrWriter WriteString(string value)
    {
        var size = Encoding.UTF8.GetByteCount(value);
        var padded = (size + 3) / 4 * 4;
        WriteUInt32((uint)size);
        var field = bytes.GetSpan(padded)[..padded];
        Encoding.UTF8.GetBytes(value, field);
        field[size..].Clear();
        bytes.Advance(padded);
        return this;
    }

    public XdrWriter WriteOptionalString(string? value) => value is null ? WriteUInt32(0) : WriteUInt32(1).WriteString(value);

    /// <summary>Copies the bytes written so far.</summary>
    public byte[] ToArray() => bytes.WrittenSpan.ToArray();
}
