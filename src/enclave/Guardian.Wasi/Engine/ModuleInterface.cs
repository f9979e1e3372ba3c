namespace Guardian.Wasi.Engine;

/// <summary>Reads the imports and exports of a module before anything is compiled: a large module costs minutes.</summary>
internal static class ModuleInterface
{
    // As many as a message can show.
    private const int MaxReported = 8;
    private const int MaxNameLength = 100;

    private const byte ImportSection = 2;
    private const byte ExportSection = 7;
    private const byte FunctionKind = 0;

    private static readonly string[] Kinds = ["function", "table", "memory", "global", "tag"];

    /// <summary>Finds imports that the host does not have, and a missing <c>_start</c>.</summary>
    /// <param name="wasm">The module in WebAssembly's binary form.</param>
    /// <param name="isOffered">Whether the host has a function, by module and name.</param>
    /// <returns>A line for each problem; empty also for malformed bytes, which the compiler refuses with its own reason.</returns>
    public static IReadOnlyList<string> FindProblems(ReadOnlySpan<byte> wasm, Func<string, string, bool> isOffered)
    {
        var bytes = new ModuleBytes(wasm);
        if (!bytes.TrySkipHeader())
        {
            return [];
        }
        var problems = new ProblemList();
        var hasStart = false;
        while (!bytes.IsEmpty)
        {
            if (!bytes.TryReadSection(out var id, out var content)
                || (id == ImportSection && !TryReadImports(content, isOffered, problems))
                || (id == ExportSection && !TryFindStart(content, out hasStart)))
            {
                return [];
            }
        }
        if (!hasStart)
        {
            problems.Add("it has no function _start: it is a library, not a program");
        }
        return problems.Lines;
    }

    // import: module name | name | kind 1 | type
    private static bool TryReadImports(ModuleBytes content, Func<string, string, bool> isOffered, ProblemList problems)
    {
        if (!content.TryReadNumber(out var count))
        {
            return false;
        }
        for (var i = 0U; i < count; i++)
        {
            if (!content.TryReadName(out var module) || !content.TryReadName(out var name) || !content.TryReadByte(out var kind)
                || !TrySkipType(ref content, kind))
            {
                return false;
            }
            if (kind != FunctionKind || !isOffered(module, name))
            {
                problems.Add($"it imports the {Kinds[kind]} {Shorten(module)}::{Shorten(name)}, which does not exist here");
            }
        }
        return true;
    }

    // The types of imports, §5.5.5. A form that is not known here fails, so that the compiler decides.
    private static bool TrySkipType(ref ModuleBytes content, byte kind)
    {
        const byte shortestReferenceWithHeapType = 0x63;
        switch (kind)
        {
            case FunctionKind:
                return content.TryReadNumber(out _);
            case 1:
                return content.TryReadByte(out var reference) && reference > shortestReferenceWithHeapType + 1
                    && TrySkipLimits(ref content);
            case 2:
                return TrySkipLimits(ref content);
            case 3:
                return content.TryReadByte(out var value) && value > shortestReferenceWithHeapType + 1 && content.TryReadByte(out _);
            case 4:
                return content.TryReadByte(out _) && content.TryReadNumber(out _);
            default:
                return false;
        }
    }

    // limits: flags 1 (1: has a maximum; 2: shared; 4: 64 bits) | minimum | maximum
    private static bool TrySkipLimits(ref ModuleBytes content) =>
        content.TryReadByte(out var flags) && flags < 4 && content.TryReadNumber(out _)
        && ((flags & 1) == 0 || content.TryReadNumber(out _));

    // export: name | kind 1 | index
    private static bool TryFindStart(ModuleBytes content, out bool hasStart)
    {
        hasStart = false;
        if (!content.TryReadNumber(out var count))
        {
            return false;
        }
        for (var i = 0U; i < count; i++)
        {
            if (!content.TryReadName(out var name) || !content.TryReadByte(out var kind) || !content.TryReadNumber(out _))
            {
                return false;
            }
            hasStart |= name == "_start" && kind == FunctionKind;
        }
        return true;
    }

    // Names are the module's own words; they go to a terminal.
    private static string Shorten(string name)
    {
        var text = string.Concat(name.Take(MaxNameLength).Select(letter => char.IsControl(letter) ? '?' : letter));
        return name.Length > MaxNameLength ? text + "…" : text;
    }

    // A foreign module may have millions of imports.
    private sealed class ProblemList
    {
        private readonly List<string> lines = [];
        private int others;

        public IReadOnlyList<string> Lines => others == 0 ? lines : [.. lines, $"and {others} more"];

        public void Add(string line)
        {
            if (lines.Count < MaxReported)
            {
                lines.Add(line);
            }
            else
            {
                others++;
            }
        }
    }
}
