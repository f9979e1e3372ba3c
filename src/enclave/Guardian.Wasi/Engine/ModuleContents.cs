namespace Guardian.Wasi.Engine;

/// <summary>The parts of a module that can use memory of the host besides the module's own memory.</summary>
/// <param name="TableCount">The number of tables that the module defines.</param>
/// <param name="HasExceptions">Whether the module defines exceptions, which live on a heap of the engine.</param>
internal readonly record struct ModuleContents(uint TableCount, bool HasExceptions)
{
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
        var bytes = new ModuleBytes(wasm);
        if (!bytes.TrySkipHeader())
        {
            return null;
        }
        var (tableCount, tagCount) = (0U, 0U);
        while (!bytes.IsEmpty)
        {
            if (!bytes.TryReadSection(out var id, out var content)
                || (id == TableSection && !content.TryReadNumber(out tableCount))
                || (id == TagSection && !content.TryReadNumber(out tagCount)))
            {
                return null;
            }
        }
        return new ModuleContents(tableCount, tagCount > 0);
    }
}
