namespace Guardian.Wasi.Engine;

/// <summary>The parts of a guest's memory limit. Their sum never exceeds the limit.</summary>
/// <param name="MemorySize">The largest size of the guest's own memory, and separately of the heap of its exceptions, in bytes.</param>
/// <param name="TableElements">The most elements of each table.</param>
internal readonly record struct MemoryShares(long MemorySize, long TableElements)
{
    /// <summary>The most tables of a module. Compilers use one for functions, and one for references of the host.</summary>
    public const int MaxTables = 4;

    // An element is a reference: 8 bytes in the host's memory.
    private const int ElementSize = 8;

    // 4 million elements, far more than the functions of the largest programs.
    private const long MaxTablesSize = 32L << 20;
    private const long MaxMemorySize = 4L << 30;

    /// <summary>Divides a limit: a sixteenth for the tables if the module has any, and the rest for the memory, half of it if the module
    /// has exceptions, which use the other half.</summary>
    /// <param name="limit">The limit in bytes; null for as much as a guest's addresses reach.</param>
    /// <param name="contents">The contents of the module.</param>
    public static MemoryShares Divide(long? limit, ModuleContents contents)
    {
        var tablesSize = contents.TableCount > 0 ? Math.Min((limit ?? long.MaxValue) / 16, MaxTablesSize) : 0;
        var elements = tablesSize / ElementSize / Math.Max(contents.TableCount, 1);
        var memorySize = limit is { } size ? (size - tablesSize) / (contents.HasExceptions ? 2 : 1) : MaxMemorySize;
        return new MemoryShares(memorySize, elements);
    }
}
