using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Guardian.Wasi.Engine;

/// <summary>What compiles and runs guests: Wasmtime.</summary>
/// <remarks>Thread-safe. Modules of an engine are used with it alone.</remarks>
public sealed class WasmEngine : IDisposable
{
    private readonly bool countsFuel;
    private readonly NativeEngine native;

    /// <summary>Starts an engine.</summary>
    /// <param name="countsFuel">Whether its guests can be limited by <see cref="GuestLimits.Fuel"/>.</param>
    /// <param name="fitsEnclave">Whether it does without what an enclave lacks: gigabytes of address space in advance, files in memory, and signals for traps. Bounds are then checked by instructions,
    /// and a memory that grows may be copied.</param>
    public WasmEngine(bool countsFuel = false, bool fitsEnclave = false)
    {
        this.countsFuel = countsFuel;
        var config = Native.NewConfig();
        Native.SetEpochInterruption(config, 1);
        Native.SetConsumeFuel(config, countsFuel ? (byte)1 : (byte)0);
        if (fitsEnclave)
        {
            Native.SetMemoryReservation(config, 0);
            Native.SetMemoryGuardSize(config, 0);
            Native.SetMemoryInitCopyOnWrite(config, 0);
            Native.SetSignalsBasedTraps(config, 0);
        }
        native = new NativeEngine(Native.NewEngine(config));
    }

    internal bool CountsFuel => countsFuel;

    internal nint Handle => !native.IsClosed ? native.DangerousGetHandle() : throw new ObjectDisposedException(nameof(WasmEngine));

    /// <summary>Compiles a module.</summary>
    /// <exception cref="InvalidDataException">It is not a valid WebAssembly module.</exception>
    public unsafe WasmModule Compile(ReadOnlySpan<byte> wasm)
    {
        nint module;
        fixed (byte* bytes = wasm)
        {
            ThrowIfError(Native.NewModule(Handle, bytes, (nuint)wasm.Length, &module));
        }
        return new WasmModule(module);
    }

    /// <summary>Loads native code that <see cref="WasmModule.Serialize"/> gave. It is executed as it is: whoever wrote the bytes owns this process.</summary>
    /// <exception cref="InvalidDataException">It is of another version or for another processor.</exception>
    internal unsafe WasmModule LoadTrustedCode(ReadOnlySpan<byte> code)
    {
        nint module;
        fixed (byte* bytes = code)
        {
            ThrowIfError(Native.Deserialize(Handle, bytes, (nuint)code.Length, &module));
        }
        return new WasmModule(module);
    }

    /// <summary>Turns WebAssembly's text form into its binary form.</summary>
    /// <exception cref="InvalidDataException">It is not well formed.</exception>
    public static unsafe byte[] Assemble(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        Native.Vector wasm;
        fixed (byte* bytes = utf8)
        {
            ThrowIfError(Native.ConvertText(bytes, (nuint)utf8.Length, &wasm));
        }
        return Take(wasm);
    }

    /// <inheritdoc/>
    public void Dispose() => native.Dispose();

    internal static unsafe byte[] Take(Native.Vector bytes)
    {
        var taken = new ReadOnlySpan<byte>(bytes.Data, checked((int)bytes.Size)).ToArray();
        Native.DeleteBytes(&bytes);
        return taken;
    }

    internal static unsafe string TakeMessage(nint error)
    {
        Native.Vector message;
        Native.ErrorMessage(error, &message);
        Native.DeleteError(error);
        return Encoding.UTF8.GetString(Take(message));
    }

    internal static void ThrowIfError(nint error)
    {
        if (error != 0)
        {
            throw new InvalidDataException(TakeMessage(error));
        }
    }

    private sealed class NativeEngine : SafeHandleZeroOrMinusOneIsInvalid
    {
        public NativeEngine(nint engine) : base(ownsHandle: true) => SetHandle(engine);

        protected override bool ReleaseHandle()
        {
            Native.DeleteEngine(handle);
            return true;
        }
    }
}

/// <summary>A compiled module.</summary>
public sealed class WasmModule : IDisposable
{
    private nint handle;

    internal WasmModule(nint handle) => this.handle = handle;

    internal nint Handle => handle != 0 ? handle : throw new ObjectDisposedException(nameof(WasmModule));

    /// <summary>The native code, to be kept where nobody else can change it unseen.</summary>
    public unsafe byte[] Serialize()
    {
        Native.Vector code;
        WasmEngine.ThrowIfError(Native.Serialize(Handle, &code));
        return WasmEngine.Take(code);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        var old = Interlocked.Exchange(ref handle, 0);
        if (old != 0)
        {
            Native.DeleteModule(old);
        }
    }
}
