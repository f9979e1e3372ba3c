using Guardian.Wasi.Engine;

namespace Guardian.Wasi.Tests;

/// <summary>An engine with Wasmtime's defaults, and a guest whose limit covers only its memory. An attack must succeed here, or its failure
/// elsewhere would prove nothing.</summary>
internal static unsafe class NaiveEngine
{
    /// <summary>Whether Wasmtime accepts a module.</summary>
    /// <param name="wasm">The module.</param>
    /// <param name="feature">A feature to turn on, if Wasmtime's default is off; null for none.</param>
    public static bool Accepts(byte[] wasm, string? feature = null)
    {
        var config = Native.NewConfig();
        WasmFeatures.All.SingleOrDefault(each => each.Name == feature)?.Set(config, 1);
        var engine = Native.NewEngine(config);
        var error = Compile(engine, wasm, out var module);
        if (error == 0)
        {
            Native.DeleteModule(module);
        }
        else
        {
            Native.DeleteError(error);
        }
        Native.DeleteEngine(engine);
        return error == 0;
    }

    /// <summary>Runs a program without imports.</summary>
    /// <param name="wasm">The module.</param>
    /// <param name="memorySize">The limit of the memory alone.</param>
    /// <returns>Whether it ended without a trap, and the growth of the process's memory at that time, in bytes.</returns>
    public static (bool IsDone, long Growth) Run(byte[] wasm, long memorySize)
    {
        const long tableElements = 10_000_000;
        var engine = Native.NewEngine(Native.NewConfig());
        WasmEngine.ThrowIfError(Compile(engine, wasm, out var module));
        var store = Native.NewStore(engine, 0, 0);
        var linker = Native.NewLinker(engine);
        Native.Limit(store, memorySize, tableElements, instances: 1, tables: 100, memories: 1);
        var before = ResidentMemory.Size;
        var isDone = Run(Native.Context(store), linker, module);
        var growth = ResidentMemory.Size - before;
        Native.DeleteLinker(linker);
        Native.DeleteStore(store);
        Native.DeleteModule(module);
        Native.DeleteEngine(engine);
        return (isDone, growth);
    }

    private static bool Run(nint context, nint linker, nint module)
    {
        Native.Handle instance;
        nint trap;
        var error = Native.Instantiate(linker, context, module, &instance, &trap);
        if (error == 0 && trap == 0)
        {
            var start = "_start"u8;
            Native.Extern export;
            ulong unused;
            fixed (byte* name = start)
            {
                Assert.NotEqual(0, Native.GetExport(context, &instance, name, (nuint)start.Length, &export));
            }
            error = Native.Call(context, &export.Function, &unused, 0, &trap);
        }
        if (error != 0)
        {
            Native.DeleteError(error);
        }
        if (trap != 0)
        {
            Native.DeleteTrap(trap);
        }
        return error == 0 && trap == 0;
    }

    private static nint Compile(nint engine, byte[] wasm, out nint module)
    {
        nint compiled;
        fixed (byte* bytes = wasm)
        {
            var error = Native.NewModule(engine, bytes, (nuint)wasm.Length, &compiled);
            module = error == 0 ? compiled : 0;
            return error;
        }
    }
}
