using System.Text;
using Guardian.Refusals;
using Microsoft.Win32.SafeHandles;

namespace Guardian.Wasi.Engine;

/// <summary>Compiles and runs guests with Wasmtime.</summary>
/// <remarks>Thread-safe. A module can be used only with the engine that made it.</remarks>
public sealed class WasmEngine : IDisposable
{
    private readonly bool countsFuel;
    private readonly NativeEngine native;

    /// <summary>Starts an engine.</summary>
    /// <param name="countsFuel">Whether <see cref="GuestLimits.Fuel"/> can limit its guests.</param>
    /// <param name="fitsEnclave">Whether the engine avoids what an enclave lacks: gigabytes of reserved address space, files in memory, and
    /// signals for traps. The code then checks bounds with instructions, and a growing memory may be copied.</param>
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
    /// <param name="wasm">The module in WebAssembly's binary form.</param>
    /// <returns>The module, which the caller disposes, or a refusal with reason <see cref="WasiReasons.NotAProgram"/>.</returns>
    public unsafe Outcome<WasmModule> Compile(ReadOnlySpan<byte> wasm)
    {
        nint module;
        nint error;
        fixed (byte* bytes = wasm)
        {
            error = Native.NewModule(Handle, bytes, (nuint)wasm.Length, &module);
        }
        return error == 0 ? new WasmModule(module) : WasiReasons.NotAProgram.Because(ReadMessage(error));
    }

    /// <summary>Loads native code that <see cref="WasmModule.Serialize"/> returned. The process executes it unchecked, so only
    /// authenticated bytes may come here.</summary>
    /// <returns>The module, or null when the code is for another version of the engine or another processor.</returns>
    internal unsafe WasmModule? LoadTrustedCode(ReadOnlySpan<byte> code)
    {
        nint module;
        nint error;
        fixed (byte* bytes = code)
        {
            error = Native.Deserialize(Handle, bytes, (nuint)code.Length, &module);
        }
        if (error == 0)
        {
            return new WasmModule(module);
        }
        Native.DeleteError(error);
        return null;
    }

    /// <summary>Converts WebAssembly's text form to its binary form. For tests and benches.</summary>
    /// <exception cref="ArgumentException">The text is not well formed.</exception>
    internal static unsafe byte[] Assemble(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        Native.Vector wasm;
        nint error;
        fixed (byte* bytes = utf8)
        {
            error = Native.ConvertText(bytes, (nuint)utf8.Length, &wasm);
        }
        return error == 0 ? ReadBytes(wasm) : throw new ArgumentException(ReadMessage(error), nameof(text));
    }

    /// <inheritdoc/>
    public void Dispose() => native.Dispose();

    /// <summary>Copies the engine's bytes and frees them.</summary>
    internal static unsafe byte[] ReadBytes(Native.Vector bytes)
    {
        var copy = new ReadOnlySpan<byte>(bytes.Data, checked((int)bytes.Size)).ToArray();
        Native.DeleteBytes(&bytes);
        return copy;
    }

    /// <summary>Copies an error's message and frees the error.</summary>
    internal static unsafe string ReadMessage(nint error)
    {
        Native.Vector message;
        Native.ErrorMessage(error, &message);
        Native.DeleteError(error);
        return Encoding.UTF8.GetString(ReadBytes(message));
    }

    /// <summary>For calls that fail only by a mistake in this project.</summary>
    internal static void ThrowIfError(nint error)
    {
        if (error != 0)
        {
            throw new InvalidOperationException(ReadMessage(error));
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

    /// <summary>The native code. Store it only where nobody can change it unnoticed.</summary>
    internal unsafe byte[] Serialize()
    {
        Native.Vector code;
        WasmEngine.ThrowIfError(Native.Serialize(Handle, &code));
        return WasmEngine.ReadBytes(code);
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
