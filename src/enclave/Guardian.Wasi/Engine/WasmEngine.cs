using System.Text;
using System.Text.RegularExpressions;
using Guardian.Refusals;
using Microsoft.Win32.SafeHandles;

namespace Guardian.Wasi.Engine;

/// <summary>Compiles and runs guests with Wasmtime.</summary>
/// <remarks>Thread-safe. A module can be used only with the engine that made it.</remarks>
public sealed partial class WasmEngine : IDisposable
{
    // x86-64-v3 of the System V ABI, section 3.1.1: the processors of SGX servers have it, and one program then fits all of them.
    private static readonly string[] PortableInstructions =
    [
        "has_sse3", "has_ssse3", "has_cmpxchg16b", "has_sse41", "has_sse42", "has_popcnt", "has_avx", "has_avx2", "has_fma", "has_bmi1",
        "has_bmi2", "has_lzcnt",
    ];

    private readonly bool countsFuel;
    private readonly NativeEngine native;

    /// <summary>Starts an engine.</summary>
    /// <param name="countsFuel">Whether <see cref="GuestLimits.Fuel"/> can limit its guests.</param>
    /// <param name="fitsEnclave">Whether the engine avoids what an enclave lacks: gigabytes of reserved address space, files in memory, and
    /// signals for traps. The code then checks bounds with instructions, and a growing memory may be copied.</param>
    public WasmEngine(bool countsFuel = false, bool fitsEnclave = false)
    {
        this.countsFuel = countsFuel;
        Configuration = $"fuel: {countsFuel}, enclave: {fitsEnclave}, {WasmFeatures.Description}";
        var config = NewConfig(countsFuel);
        if (fitsEnclave)
        {
            FitEnclave(config);
        }
        native = new NativeEngine(Native.NewEngine(config));
    }

    private WasmEngine(string configuration, bool countsFuel, nint config)
    {
        this.countsFuel = countsFuel;
        Configuration = configuration;
        native = new NativeEngine(Native.NewEngine(config));
    }

    /// <summary>
    /// Starts an engine that runs many short guests. Each begins with fresh memory out of a pool, whose places are cleared by writing to
    /// them: neither the start nor the end of a guest is a call of the operating system. It counts fuel, fits an enclave, and accepts no
    /// optional feature whose cost fuel does not count.
    /// </summary>
    /// <param name="memorySize">The most memory of a guest in bytes.</param>
    /// <param name="guests">The most guests at one time.</param>
    internal static WasmEngine ForManyGuests(long memorySize, int guests)
    {
        const int tableElements = 10_000;
        const int elementSize = 8;
        var config = Native.NewConfig();
        Native.SetConsumeFuel(config, 1);
        Native.SetNanCanonicalization(config, 1);
        foreach (var feature in WasmFeatures.All)
        {
            feature.Set(config, feature.IsOn && feature.IsCountedByFuel ? (byte)1 : (byte)0);
        }
        Native.SetMemoryReservation(config, (ulong)memorySize);
        Native.SetMemoryGuardSize(config, 0);
        Native.SetMemoryInitCopyOnWrite(config, 0);
        Native.SetSignalsBasedTraps(config, 0);
        var pool = Native.NewPool();
        Native.SetPoolMemorySize(pool, (nuint)memorySize);
        Native.SetPoolResidentMemory(pool, (nuint)memorySize);
        Native.SetPoolTableElements(pool, tableElements);
        Native.SetPoolResidentTables(pool, tableElements * elementSize);
        Native.SetPoolInstances(pool, (uint)guests);
        Native.SetPoolMemories(pool, (uint)guests);
        Native.SetPoolTables(pool, (uint)guests);
        Native.SetPoolHeaps(pool, 0);
        Native.SetPoolStacks(pool, 0);
        Native.SetPool(config, pool);
        Native.DeletePool(pool);
        return new WasmEngine($"many guests of {memorySize}", countsFuel: true, config);
    }

    /// <summary>Starts an engine that compiles for enclaves on other machines, with processors of x86-64-v3.</summary>
    internal static WasmEngine ForOtherMachines()
    {
        var config = NewConfig(countsFuel: false);
        FitEnclave(config);
        ThrowIfError(Native.SetTarget(config, "x86_64-unknown-linux-gnu"));
        foreach (var instructions in PortableInstructions)
        {
            Native.EnableCompilerFlag(config, instructions);
        }
        return new WasmEngine("enclaves on other machines", countsFuel: false, config);
    }

    internal bool CountsFuel => countsFuel;

    /// <summary>Describes everything that changes the compiled code of a module.</summary>
    internal string Configuration { get; }

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
        if (error != 0)
        {
            return WasiReasons.NotAProgram.Because(FindCause(ReadMessage(error)));
        }
        if (ModuleContents.Read(wasm) is not { } contents)
        {
            Native.DeleteModule(module);
            return WasiReasons.NotAProgram.Because("its sections are malformed");
        }
        return new WasmModule(module, contents);
    }

    /// <summary>Loads native code that <see cref="WasmModule.Serialize"/> returned. The process executes it unchecked, so only
    /// authenticated bytes may come here.</summary>
    /// <param name="code">The code.</param>
    /// <param name="contents">The contents of the WebAssembly from which the code was made.</param>
    /// <returns>The module, or null when the code is for another version of the engine or another processor.</returns>
    internal unsafe WasmModule? LoadTrustedCode(ReadOnlySpan<byte> code, ModuleContents contents)
    {
        nint module;
        nint error;
        fixed (byte* bytes = code)
        {
            error = Native.Deserialize(Handle, bytes, (nuint)code.Length, &module);
        }
        if (error == 0)
        {
            return new WasmModule(module, contents);
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

    private static nint NewConfig(bool countsFuel)
    {
        var config = Native.NewConfig();
        Native.SetEpochInterruption(config, 1);
        Native.SetConsumeFuel(config, countsFuel ? (byte)1 : (byte)0);
        foreach (var feature in WasmFeatures.All)
        {
            feature.Set(config, feature.IsOn ? (byte)1 : (byte)0);
        }
        return config;
    }

    private static void FitEnclave(nint config)
    {
        Native.SetMemoryReservation(config, 0);
        Native.SetMemoryGuardSize(config, 0);
        Native.SetMemoryInitCopyOnWrite(config, 0);
        Native.SetSignalsBasedTraps(config, 0);
    }

    // The engine's message names the stages, then "Caused by:" and the causes, the innermost last, with numbers if there are several.
    private static string FindCause(string message)
    {
        const string heading = "Caused by:";
        var start = message.LastIndexOf(heading, StringComparison.Ordinal);
        var causes = start < 0 ? message : message[(start + heading.Length)..];
        return WhiteSpace().Replace(Numbers().Split(causes)[^1].Trim(), " ");
    }

    [GeneratedRegex(@"\n\s+[0-9]+: ")]
    private static partial Regex Numbers();

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();

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

    internal WasmModule(nint handle, ModuleContents contents) => (this.handle, Contents) = (handle, contents);

    internal ModuleContents Contents { get; }

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
