using System.Runtime.InteropServices;

namespace Guardian.Wasi.Engine;

/// <summary>A proposal of WebAssembly.</summary>
/// <param name="Name">The name for people.</param>
/// <param name="IsOn">Whether the engine accepts it.</param>
/// <param name="Set">Sets it in a configuration of Wasmtime.</param>
internal sealed record WasmFeature(string Name, bool IsOn, Action<nint, byte> Set)
{
    /// <summary>
    /// Whether fuel measures its instructions: one of bulk memory may move a whole memory for the price of an addition, and the other
    /// features need it or a heap.
    /// </summary>
    public bool IsCountedByFuel { get; init; }
}

/// <summary>
/// The proposals of WebAssembly that the engine accepts. The table states each of them, because Wasmtime's defaults change with its
/// version, and each accepted proposal enlarges the part of the compiler that an attacker can reach (docs/decisions/0051).
/// </summary>
internal static partial class WasmFeatures
{
    /// <summary>All proposals that Wasmtime's C interface can switch.</summary>
    public static readonly WasmFeature[] All =
    [
        // Compilers for WASI preview 1 (clang, rustc, Go) emit these. Exceptions come from C++, and live on a heap of the engine.
        new("bulk memory", true, SetBulkMemory),
        new("multiple values", true, SetMultiValue) { IsCountedByFuel = true },
        new("reference types", true, SetReferenceTypes),
        new("SIMD", true, SetSimd),
        new("exceptions", true, SetExceptions),
        new("the engine's heap", true, SetHeap),

        // No compiler for WASI preview 1 emits these unless asked to.
        new("64-bit memories", false, SetMemory64),
        new("garbage collection", false, SetGarbageCollection),
        new("function references", false, SetFunctionReferences),
        new("multiple memories", false, SetMultiMemory),
        new("custom page sizes", false, SetCustomPageSizes),
        new("threads", false, SetThreads),
        new("shared memories", false, SetSharedMemory),
        new("tail calls", false, SetTailCalls),
        new("stack switching", false, SetStackSwitching),
        new("wide arithmetic", false, SetWideArithmetic),
        new("relaxed SIMD", false, SetRelaxedSimd),
        new("branch hints", false, SetBranchHints),
        new("compact imports", false, SetCompactImports),
        new("components", false, SetComponents),
        new("component accessors", false, SetComponentAccessors),
        new("asynchronous components", false, SetComponentAsync),
        new("stackful asynchronous components", false, SetComponentStackfulAsync),
        new("more asynchronous built-ins of components", false, SetComponentAsyncBuiltins),
        new("canonical names of components", false, SetComponentCanonicalNames),
        new("implements of components", false, SetComponentImplements),
        new("maps of components", false, SetComponentMaps),
    ];

    /// <summary>The accepted proposals, as part of the key of a cache.</summary>
    public static string Description { get; } = string.Join(", ", All.Where(feature => feature.IsOn).Select(feature => feature.Name));

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_bulk_memory_set")]
    private static partial void SetBulkMemory(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_multi_value_set")]
    private static partial void SetMultiValue(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_reference_types_set")]
    private static partial void SetReferenceTypes(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_simd_set")]
    private static partial void SetSimd(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_exceptions_set")]
    private static partial void SetExceptions(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_gc_support_set")]
    private static partial void SetHeap(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_memory64_set")]
    private static partial void SetMemory64(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_gc_set")]
    private static partial void SetGarbageCollection(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_function_references_set")]
    private static partial void SetFunctionReferences(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_multi_memory_set")]
    private static partial void SetMultiMemory(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_custom_page_sizes_set")]
    private static partial void SetCustomPageSizes(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_threads_set")]
    private static partial void SetThreads(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_shared_memory_set")]
    private static partial void SetSharedMemory(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_tail_call_set")]
    private static partial void SetTailCalls(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_stack_switching_set")]
    private static partial void SetStackSwitching(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_wide_arithmetic_set")]
    private static partial void SetWideArithmetic(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_relaxed_simd_set")]
    private static partial void SetRelaxedSimd(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_branch_hinting_set")]
    private static partial void SetBranchHints(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_compact_imports_set")]
    private static partial void SetCompactImports(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_component_model_set")]
    private static partial void SetComponents(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_component_model_accessors_set")]
    private static partial void SetComponentAccessors(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_component_model_async_set")]
    private static partial void SetComponentAsync(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_component_model_async_stackful_set")]
    private static partial void SetComponentStackfulAsync(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_component_model_more_async_builtins_set")]
    private static partial void SetComponentAsyncBuiltins(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_component_model_canonical_names_set")]
    private static partial void SetComponentCanonicalNames(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_component_model_implements_set")]
    private static partial void SetComponentImplements(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_wasm_component_model_map_set")]
    private static partial void SetComponentMaps(nint config, byte value);
}
