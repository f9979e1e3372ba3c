using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Guardian.Files;
using Guardian.Wasi.Engine;
using Guardian.Wasi.Host;

namespace Guardian.Wasi;

/// <summary>One run of a program: a module, its host and its limits.</summary>
public sealed unsafe class Guest
{
    private const byte TrapInterrupt = 10;
    private const byte TrapOutOfFuel = 11;
    private const byte Value32 = 0;
    private const byte Value64 = 1;

    private readonly WasmEngine engine;
    private readonly WasiHost host;
    private readonly nint store;
    private readonly nint context;
    private readonly nint linker;
    private readonly GCHandle self;
    private readonly Import* imports;
    private Native.Memory memory;
    private bool hasMemory;
    private volatile bool isCancelled;
    private bool wasStopped;
    private Exception? failure;

    private Guest(WasmEngine engine, WasmModule module, WasiHost host, GuestLimits limits)
    {
        this.engine = engine;
        this.host = host;
        self = GCHandle.Alloc(this);
        store = Native.NewStore(engine.Handle, 0, 0);
        context = Native.Context(store);
        linker = Native.NewLinker(engine.Handle);
        imports = (Import*)NativeMemory.AllocZeroed((nuint)WasiHost.Functions.Length, (nuint)sizeof(Import));
        SetLimits(limits, module.Contents);
    }

    // The engine passes this back with every call of a host function.
    private struct Import
    {
        public nint Guest;
        public int Function;
    }

    /// <summary>Runs a program's <c>_start</c> to its end.</summary>
    /// <param name="engine">The engine that compiled the module.</param>
    /// <param name="module">The program.</param>
    /// <param name="host">The host calls and everything that the program can reach. The caller disposes it.</param>
    /// <param name="limits">The program's limits.</param>
    /// <param name="cancellation">Ends the program, also while it computes or waits.</param>
    /// <returns>How the program ended. Never throws for anything that the program does.</returns>
    /// <exception cref="ArgumentException">Only one of <paramref name="limits"/> and <paramref name="engine"/> counts fuel.</exception>
    /// <remarks>Cancelling ends all guests of an engine, so give each guest that may be cancelled its own engine.</remarks>
    public static GuestOutcome Run(WasmEngine engine, WasmModule module, WasiHost host, GuestLimits limits, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(limits);
        if (engine.CountsFuel != limits.Fuel is not null)
        {
            throw new ArgumentException("an engine that counts fuel needs a limit for it, and the other way round", nameof(limits));
        }
        var guest = new Guest(engine, module, host, limits);
        try
        {
            guest.DefineImports();
            using var registration = cancellation.UnsafeRegister(static guest => ((Guest)guest!).Cancel(), guest);
            return guest.Start(module);
        }
        finally
        {
            guest.Free();
        }
    }

    private void Free()
    {
        Native.DeleteLinker(linker);
        Native.DeleteStore(store);
        NativeMemory.Free(imports);
        self.Free();
    }

    private void Cancel()
    {
        isCancelled = true;
        host.Cancel();
        Native.IncrementEpoch(engine.Handle);
    }

    private void SetLimits(GuestLimits limits, ModuleContents contents)
    {
        var shares = MemoryShares.Divide(limits.MemorySize, contents);
        Native.Limit(store, shares.MemorySize, shares.TableElements, instances: 1, MemoryShares.MaxTables, memories: 1);
        Native.SetEpochDeadline(context, 1);
        if (limits.Fuel is { } fuel)
        {
            WasmEngine.ThrowIfError(Native.SetFuel(context, fuel));
        }
    }

    private void DefineImports()
    {
        var moduleName = Encoding.UTF8.GetBytes(WasiHost.ModuleName);
        for (var i = 0; i < WasiHost.Functions.Length; i++)
        {
            var function = WasiHost.Functions[i];
            imports[i] = new Import { Guest = GCHandle.ToIntPtr(self), Function = i };
            var name = Encoding.UTF8.GetBytes(function.Name);
            fixed (byte* modulePointer = moduleName, namePointer = name)
            {
                var type = TypeOf(function);
                var error = Native.Define(
                    linker, modulePointer, (nuint)moduleName.Length, namePointer, (nuint)name.Length, type, &OnCall, (nint)(imports + i),
                    finalizer: 0);
                Native.DeleteFunctionType(type);
                WasmEngine.ThrowIfError(error);
            }
        }
    }

    internal static nint TypeOf(HostFunction function)
    {
        var kinds = stackalloc nint[function.Parameters.Length + 1];
        for (var i = 0; i < function.Parameters.Length; i++)
        {
            kinds[i] = Native.NewValueType(function.Parameters[i] == 'I' ? Value64 : Value32);
        }
        Native.Vector parameters;
        Native.NewValueTypes(&parameters, (nuint)function.Parameters.Length, kinds);
        kinds[0] = Native.NewValueType(Value32);
        Native.Vector results;
        Native.NewValueTypes(&results, function.HasResult ? 1U : 0U, kinds);
        return Native.NewFunctionType(&parameters, &results);
    }

    private GuestOutcome Start(WasmModule module)
    {
        Native.Handle instance;
        nint trap;
        var error = Native.Instantiate(linker, context, module.Handle, &instance, &trap);
        if (error != 0 || trap != 0)
        {
            // Instantiation runs the module's own start function, which may trap or exit.
            return trap == 0 && host.ExitCode is null && failure is null
                ? new GuestOutcome(GuestEnd.NotStarted, 0, WasmEngine.ReadMessage(error))
                : CreateOutcome(error, trap);
        }
        var start = "_start"u8;
        Native.Extern export;
        fixed (byte* name = start)
        {
            if (Native.GetExport(context, &instance, name, (nuint)start.Length, &export) == 0
                || export.Kind != Native.KindFunction || !HasEmptySignature(&export.Function))
            {
                const string message = "the module has no function _start without parameters and results: it is a library, not a program";
                return new GuestOutcome(GuestEnd.NotStarted, 0, message);
            }
        }
        ulong unused;
        error = Native.Call(context, &export.Function, &unused, 0, &trap);
        return CreateOutcome(error, trap);
    }

    private bool HasEmptySignature(Native.Handle* function)
    {
        var type = Native.FunctionType(context, function);
        var result = Native.Parameters(type)->Size == 0 && Native.Results(type)->Size == 0;
        Native.DeleteFunctionType(type);
        return result;
    }

    private GuestOutcome CreateOutcome(nint error, nint trap)
    {
        var (code, message) = error != 0 ? (null, WasmEngine.ReadMessage(error)) : trap != 0 ? ReadTrap(trap) : (null, "");
        return failure is not null ? new GuestOutcome(GuestEnd.HostFailed, 0, failure.Message, failure)
            : host.ExitCode is { } exitCode ? new GuestOutcome(GuestEnd.Exited, exitCode, "")
            : error == 0 && trap == 0 ? new GuestOutcome(GuestEnd.Exited, 0, "")
            : wasStopped || (isCancelled && code == TrapInterrupt) ? new GuestOutcome(GuestEnd.Cancelled, 0, "the program was ended")
            : code == TrapOutOfFuel ? new GuestOutcome(GuestEnd.OutOfFuel, 0, "the program used up the instructions it may execute")
            : new GuestOutcome(GuestEnd.Trapped, 0, message);
    }

    private static (byte? Code, string Message) ReadTrap(nint trap)
    {
        byte code;
        var hasCode = Native.TrapCode(trap, &code) != 0;
        Native.Vector text;
        Native.TrapMessage(trap, &text);
        Native.DeleteTrap(trap);
        return (hasCode ? code : null, Encoding.UTF8.GetString(WasmEngine.ReadBytes(text)).TrimEnd('\0'));
    }

    // No exception may pass through the engine's frames. An exception of a host call stops the guest, and is reported after the engine has
    // returned.
    [UnmanagedCallersOnly]
    private static nint OnCall(nint data, nint caller, ulong* values, nuint count)
    {
        var import = (Import*)data;
        var guest = Unsafe.As<Guest>(GCHandle.FromIntPtr(import->Guest).Target!);
        try
        {
            var error = guest.host.Call(guest.MemoryOf(caller), import->Function, new CallArguments(values));
            if (guest.host.ExitCode is not null)
            {
                return Native.NewTrap("exit"u8);
            }
            if (guest.isCancelled)
            {
                // Between this call and the engine's own interrupt the program could still end as if nothing had happened.
                guest.wasStopped = true;
                return Native.NewTrap("cancelled"u8);
            }
            values[0] = (ulong)error;
            return 0;
        }
#pragma warning disable CA1031 // no exception of any type may pass
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            guest.failure ??= thrown;
            return Native.NewTrap("a host call failed"u8);
        }
    }

    private GuestMemory MemoryOf(nint caller)
    {
        if (!hasMemory)
        {
            // The module's own start function may make the first call, before the instance and its exports are available to us.
            hasMemory = Native.TryFindMemory(caller, out memory);
            if (!hasMemory)
            {
                return default;
            }
        }
        fixed (Native.Memory* pointer = &memory)
        {
            return new GuestMemory(Native.MemoryData(context, pointer), Native.MemorySize(context, pointer));
        }
    }
}
