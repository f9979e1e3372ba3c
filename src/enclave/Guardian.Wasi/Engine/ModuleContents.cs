namespace Guardian.Wasi.Engine;

/// <summary>The parts of a module that can use memory of the host besides the module's own memory.</summary>
/// <param name="TableCount">The number of tables that the module defines.</param>
/// <param name="HasExceptions">Whether the module defines exceptions, which live on a heap of the engine.</param>
internal readonly record struct ModuleContents(uint TableCount, bool HasExceptions)
{
    private const int HeaderSize = 8;
    private const byte TableSection = 4;
    private const byte TagSection = 13;

    // WebAssembly core specification 3.0 §5.5, binary format of modules:
    //   magic 4 | version 4 | sections
    //   section: id 1 | size (u32 in LEB128) | content; the content of the table and tag sections begins with a count (u32 in LEB128)
    /// <summary>Reads the sections of a module.</summary>
    /// <param name="wasm">The module in WebAssembly's binary form.</param>
    /// <returns>The contents, or null if the sections are malformed. Never throws for any content.</returns>
    public static ModuleContents? Read(ReadOnlySpan<byte> wasm)
    {
        if (wasm.Length < HeaderSize)
        {
            return null;
        }
        var (tableCount, tagCount) = (0U, 0U);
        for (var rest = wasm[HeaderSize..]; !rest.IsEmpty;)
        {
            var id = rest[0];
            rest = rest[1..];
            if (!TryReadNumber(ref rest, out var size) || size > (uint)rest.Length)
            {
                return null;
            }
            var content = rest[..(int)size];
            rest = rest[(int)size..];
            if ((id == TableSection && !TryReadNumber(ref content, out tableCount))
                || (id == TagSection && !TryReadNumber(ref content, out tagCount)))
            {
                return null;
            }
        }
        return new ModuleContents(tableCount, tagCount > 0);
    }

    // LEB128: 7 bits in each byte, the lowest first; the top bit says that another byte follows.
    private static bool TryReadNumber(ref ReadOnlySpan<byte> bytes, out uint number)
    {
        const int maxBits = 32;
        var value = 0UL;
        for (var bits = 0; bits < maxBits && !bytes.IsEmpty; bits += 7)
        {
            var next = bytes[0];
            bytes = bytes[1..];
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
}
