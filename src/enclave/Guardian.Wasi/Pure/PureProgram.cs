using System.Collections.Concurrent;
using Guardian.Refusals;
using Guardian.Wasi.Engine;

namespace Guardian.Wasi.Pure;

/// <summary>
/// A program that is run again and again, each time in a fresh instance that knows nothing of the runs before: its output depends on its
/// input alone. It reads standard input and writes standard output. It has no clock, no random numbers, no files, no arguments and no
/// network, and its memory does not grow. Thread-safe.
/// </summary>
/// <remarks>Each run costs the same fuel: what the program leaves is spent in its place.</remarks>
public sealed class PureProgram : IDisposable
{
    /// <summary>The largest program in bytes.</summary>
    public const int MaxSize = 4 * 1024 * 1024;

    private const byte MemorySection = 5;
    private const long PageSize = 65_536;

    private readonly WasmEngine engine;
    private readonly WasmModule module;
    private readonly WasmModule burner;
    private readonly SemaphoreSlim places;
    private readonly ConcurrentBag<PureRunner> idle = [];
    private readonly ulong fuel;
    private readonly long memorySize;

    private PureProgram(WasmEngine engine, WasmModule module, WasmModule burner, ulong fuel, long memorySize, int places)
    {
        (this.engine, this.module, this.burner, this.fuel, this.memorySize) = (engine, module, burner, fuel, memorySize);
        this.places = new SemaphoreSlim(places, places);
    }

    /// <summary>Checks and compiles a program.</summary>
    /// <param name="wasm">The module in WebAssembly's binary form, for WASI preview 1.</param>
    /// <param name="limits">The limits of each run.</param>
    /// <returns>The program, which the caller disposes, or a refusal by <see cref="WasiReasons"/>. Never throws for any content.</returns>
    public static Outcome<PureProgram> Compile(ReadOnlySpan<byte> wasm, PureLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        if (wasm.Length > MaxSize)
        {
            return WasiReasons.NotAProgram.Because($"it has more than {MaxSize} bytes");
        }
        if (WasiProgram.FindRefusal(wasm) is { } refusal)
        {
            return refusal;
        }
        if (ReadMemorySize(wasm) is not { } memorySize)
        {
            return WasiReasons.NotAProgram.Because("its sections are malformed");
        }
        if (memorySize > limits.MemorySize)
        {
            return WasiReasons.NotAProgram.Because(
                $"it begins with {memorySize} bytes of memory, and {limits.MemorySize} are allowed; "
                + "link it with a smaller stack (-z stack-size=SIZE), or allow more");
        }
        var places = Math.Max(1, limits.Threads);
        // Each thread has an instance of the program and one of the burner.
        var engine = WasmEngine.ForManyGuests(Math.Max(memorySize, PageSize), 2 * places);
        var module = engine.Compile(wasm);
        if (module.Value is null)
        {
            engine.Dispose();
            return module.Refusal!;
        }
        var burner = engine.Compile(PureRunner.Burner).Value!;
        return new PureProgram(engine, module.Value, burner, limits.Fuel, memorySize, places);
    }

    /// <summary>Runs the program once.</summary>
    /// <param name="input">Its standard input.</param>
    /// <param name="output">Receives its standard output; zeros unless the program ends well and writes exactly as many bytes.</param>
    /// <returns>How it ended. Never throws for anything that the program does.</returns>
    public PureOutcome Run(ReadOnlySpan<byte> input, Span<byte> output)
    {
        places.Wait();
        try
        {
            if (!idle.TryTake(out var runner))
            {
                runner = new PureRunner(engine, module, burner, fuel, memorySize);
            }
            var outcome = runner.Run(input, output);
            idle.Add(runner);
            return outcome;
        }
        finally
        {
            places.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var runner in idle)
        {
            runner.Dispose();
        }
        idle.Clear();
        burner.Dispose();
        module.Dispose();
        engine.Dispose();
        places.Dispose();
    }

    // memory section: count | limits: flags 1 | minimum in pages (u32 in LEB128) | …
    internal static long? ReadMemorySize(ReadOnlySpan<byte> wasm)
    {
        var bytes = new ModuleBytes(wasm);
        if (!bytes.TrySkipHeader())
        {
            return null;
        }
        while (!bytes.IsEmpty)
        {
            if (!bytes.TryReadSection(out var id, out var content))
            {
                return null;
            }
            if (id == MemorySection)
            {
                return content.TryReadNumber(out var count) && (count == 0 || content.TryReadByte(out _))
                    ? count == 0 ? 0 : content.TryReadNumber(out var pages) ? pages * PageSize : null
                    : null;
            }
        }
        return 0;
    }
}
