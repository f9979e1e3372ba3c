using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Guardian.Files;
using Guardian.Wasi.Engine;
using Guardian.Wasi.Host;

namespace Guardian.Wasi.Pure;

/// <summary>Runs a program, one run after the other; for one thread at a time.</summary>
internal sealed unsafe class PureRunner : IDisposable
{
    private const byte TrapOutOfFuel = 11;

    // (module (func (export "burn") (param i64)
    //   (loop (br_if 0 (i64.ne (local.tee 0 (i64.sub (local.get 0) (i64.const 1))) (i64.const 0))))))
    private static readonly byte[] BurnerModule =
    [
        0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x01, 0x7E, 0x00, 0x03, 0x02, 0x01, 0x00, 0x07, 0x08, 0x01,
        0x04, 0x62, 0x75, 0x72, 0x6E, 0x00, 0x00, 0x0A, 0x13, 0x01, 0x11, 0x00, 0x03, 0x40, 0x20, 0x00, 0x42, 0x01, 0x7D, 0x22, 0x00, 0x42,
        0x00, 0x52, 0x0D, 0x00, 0x0B, 0x0B,
    ];

    private readonly WasmEngine engine;
    private readonly ulong fuel;
    private readonly long memorySize;
    private readonly PureHost host = new();
    private readonly nint linker;
    private readonly nint prepared;
    private readonly nint burnerStore;
    private readonly GCHandle self;
    private readonly Import* imports;
    private Native.Handle burn;
    private int isDisposed;

    public PureRunner(WasmEngine engine, WasmModule module, WasmModule burner, ulong fuel, long memorySize)
    {
        (this.engine, this.fuel, this.memorySize) = (engine, fuel, memorySize);
        self = GCHandle.Alloc(this, GCHandleType.Weak);
        imports = (Import*)NativeMemory.AllocZeroed((nuint)WasiHost.Functions.Length, (nuint)sizeof(Import));
        linker = Native.NewLinker(engine.Handle);
        DefineImports();
        nint made;
        WasmEngine.ThrowIfError(Native.Prepare(linker, module.Handle, &made));
        prepared = made;
        burnerStore = Native.NewStore(engine.Handle, 0, 0);
        LoadBurner(burner);
    }

    /// <summary>A program that spends fuel.</summary>
    public static ReadOnlySpan<byte> Burner => BurnerModule;

    /// <summary>Fuel of one turn of the burner's loop: its instructions.</summary>
    public const ulong FuelPerTurn = 7;

    // The engine passes this back with every call of a host function.
    private struct Import
    {
        public nint Runner;
        public int Function;
    }

    /// <summary>Runs the program once.</summary>
    public PureOutcome Run(ReadOnlySpan<byte> input, Span<byte> output)
    {
        host.Begin(input, output.Length);
        var store = Native.NewStore(engine.Handle, 0, 0);
        ulong left;
        PureEnd end;
        try
        {
            var context = Native.Context(store);
            // The memory stays as it begins, because a growing one is seen from outside.
            Native.Limit(store, memorySize, tableElements: -1, instances: 1, tables: 1, memories: 1);
            WasmEngine.ThrowIfError(Native.SetFuel(context, fuel));
            end = Start(context);
            WasmEngine.ThrowIfError(Native.GetFuel(context, &left));
        }
        finally
        {
            Native.DeleteStore(store);
        }
        var burned = Burn(left);
        host.End(end == PureEnd.Done, output);
        return new PureOutcome(end, fuel - left, burned);
    }

    ~PureRunner() => Free();

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) == 0)
        {
            Native.DeleteStore(burnerStore);
            Native.DeletePrepared(prepared);
            Native.DeleteLinker(linker);
            NativeMemory.Free(imports);
            self.Free();
        }
    }

    private PureEnd Start(nint context)
    {
        Native.Handle instance;
        nint trap;
        var error = Native.InstantiatePrepared(prepared, context, &instance, &trap);
        if (error == 0 && trap == 0)
        {
            var start = "_start"u8;
            Native.Extern export;
            fixed (byte* name = start)
            {
                if (Native.GetExport(context, &instance, name, (nuint)start.Length, &export) == 0
                    || export.Kind != Native.KindFunction || !HasEmptySignature(context, &export.Function))
                {
                    return PureEnd.Trapped;
                }
            }
            ulong unused;
            error = Native.Call(context, &export.Function, &unused, 0, &trap);
        }
        var hasFailed = error != 0 || trap != 0;
        byte code;
        var isOutOfFuel = false;
        if (error != 0)
        {
            Native.DeleteError(error);
        }
        if (trap != 0)
        {
            isOutOfFuel = Native.TrapCode(trap, &code) != 0 && code == TrapOutOfFuel;
            Native.DeleteTrap(trap);
        }
        return host.ExitCode is > 0 ? PureEnd.Exited
            : hasFailed && host.ExitCode is null ? isOutOfFuel ? PureEnd.OutOfFuel : PureEnd.Trapped
            : host.IsComplete ? PureEnd.Done
            : PureEnd.WrongOutput;
    }

    private static bool HasEmptySignature(nint context, Native.Handle* function)
    {
        var type = Native.FunctionType(context, function);
        var result = Native.Parameters(type)->Size == 0 && Native.Results(type)->Size == 0;
        Native.DeleteFunctionType(type);
        return result;
    }

    private ulong Burn(ulong left)
    {
        var turns = left / FuelPerTurn;
        if (turns == 0)
        {
            return 0;
        }
        var context = Native.Context(burnerStore);
        WasmEngine.ThrowIfError(Native.SetFuel(context, ulong.MaxValue / 2));
        // 16 bytes for a value, as wasmtime_val_raw_t has.
        var values = stackalloc ulong[2];
        values[0] = turns;
        nint trap;
        fixed (Native.Handle* function = &burn)
        {
            WasmEngine.ThrowIfError(Native.Call(context, function, values, 1, &trap));
        }
        return turns * FuelPerTurn;
    }

    private void LoadBurner(WasmModule burner)
    {
        var context = Native.Context(burnerStore);
        WasmEngine.ThrowIfError(Native.SetFuel(context, ulong.MaxValue / 2));
        Native.Handle instance;
        nint trap;
        WasmEngine.ThrowIfError(Native.Instantiate(linker, context, burner.Handle, &instance, &trap));
        Native.Extern export;
        var burnName = "burn"u8;
        fixed (byte* name = burnName)
        {
            _ = Native.GetExport(context, &instance, name, (nuint)burnName.Length, &export);
        }
        burn = export.Function;
    }

    private void DefineImports()
    {
        var moduleName = Encoding.UTF8.GetBytes(WasiHost.ModuleName);
        for (var i = 0; i < WasiHost.Functions.Length; i++)
        {
            var function = WasiHost.Functions[i];
            imports[i] = new Import { Runner = GCHandle.ToIntPtr(self), Function = i };
            var name = Encoding.UTF8.GetBytes(function.Name);
            fixed (byte* modulePointer = moduleName, namePointer = name)
            {
                var type = Guest.TypeOf(function);
                var error = Native.Define(
                    linker, modulePointer, (nuint)moduleName.Length, namePointer, (nuint)name.Length, type, &OnCall, (nint)(imports + i),
                    finalizer: 0);
                Native.DeleteFunctionType(type);
                WasmEngine.ThrowIfError(error);
            }
        }
    }

    // No exception may pass through the engine's frames, and none is possible here: addresses are checked, and nothing is allocated.
    [UnmanagedCallersOnly]
    private static nint OnCall(nint data, nint caller, ulong* values, nuint count)
    {
        var import = (Import*)data;
        var runner = Unsafe.As<PureRunner>(GCHandle.FromIntPtr(import->Runner).Target!);
        var name = WasiHost.Functions[import->Function].Name;
        var error = runner.host.Call(name, MemoryOf(caller), new CallArguments(values));
        if (runner.host.ExitCode is not null)
        {
            return Native.NewTrap("exit"u8);
        }
        values[0] = (ulong)error;
        return 0;
    }

    private static GuestMemory MemoryOf(nint caller)
    {
        if (!Native.TryFindMemory(caller, out var memory))
        {
            return default;
        }
        var context = Native.CallerContext(caller);
        return new GuestMemory(Native.MemoryData(context, &memory), Native.MemorySize(context, &memory));
    }
}
