using System.Text;

namespace Guardian.Wasi.Engine;

/// <summary>Reads the binary form of a module (WebAssembly core specification 3.0 §5). Each read fails at the end of the bytes, and reads
/// nothing then.</summary>
internal ref struct ModuleBytes(ReadOnlySpan<byte> bytes)
{
    private const int HeaderSize = 8;

    private ReadOnlySpan<byte> rest = bytes;

    public readonly bool IsEmpty => rest.IsEmpty;

    /// <summary>Skips magic and version.</summary>
    public bool TrySkipHeader() => TryTake(HeaderSize, out _);

    // section: id 1 | size (u32 in LEB128) | content
    /// <summary>Reads a section.</summary>
    public bool TryReadSection(out byte id, out ModuleBytes content)
    {
        content = default;
        if (!TryReadByte(out id) || !TryReadNumber(out var size) || !TryTake(size, out var taken))
        {
            return false;
        }
        content = new ModuleBytes(taken);
        return true;
    }

    public bool TryReadByte(out byte value)
    {
        var isRead = TryTake(1, out var taken);
        value = isRead ? taken[0] : default;
        return isRead;
    }

    // LEB128: 7 bits in each byte, the lowest first; the top bit says that another byte follows.
    /// <summary>Reads an unsigned number of 32 bits.</summary>
    public bool TryReadNumber(out uint number)
    {
        const int maxBits = 32;
        var value = 0UL;
        for (var bits = 0; bits < maxBits && TryReadByte(out var next); bits += 7)
        {
            value |= (ulong)(next & 0x7F) << bits;
            if ((next & 0x80) == 0)
            {
                number = (uint)Math.Min(value, uint.MaxValue);
                return value <= uint.MaxValue;
            }
        }
        number = 0;
        return false;
    }

    /// <summary>Reads a name: size, then UTF-8.</summary>
    public bool TryReadName(out string name)
    {
        name = "";
        if (!TryReadNumber(out var size) || !TryTake(size, out var taken))
        {
            return false;
        }
        name = Encoding.UTF8.GetString(taken);
        return true;
    }

    private bool TryTake(uint size, out ReadOnlySpan<byte> taken)
    {
        if (size > (uint)rest.Length)
        {
            taken = default;
            return false;
        }
        taken = rest[..(int)size];
        rest = rest[(int)size..];
        return true;
    }
}
