using System.Diagnostics;
using Guardian.Files.Host;
using Guardian.Wasi;
using Guardian.Wasi.Engine;
using Guardian.Wasi.Host;
using Guardian.Wasi.Streams;
using Wasmtime;

namespace Guardian.Bench.Wasi;

/// <summary>Runs of a loop on Guardian's host functions.</summary>
internal sealed class OurRuns : IDisposable
{
    private readonly WasmEngine engine = new();
    private readonly HostFileSystem files;
    private readonly WasmModule loop;
    private readonly WasmModule empty;

    public OurRuns(string folder, string loopText, string emptyText)
    {
        files = HostFileSystem.Open(folder);
        loop = engine.Compile(WasmEngine.Assemble(loopText)).Value!;
        empty = engine.Compile(WasmEngine.Assemble(emptyText)).Value!;
    }

    /// <summary>Nanoseconds of the loop alone.</summary>
    public double Measure() => Run(loop) - Run(empty);

    public void Dispose()
    {
        loop.Dispose();
        empty.Dispose();
        files.Dispose();
        engine.Dispose();
    }

    private double Run(WasmModule module)
    {
        using var host = new WasiHost(new WasiOptions
        {
            Arguments = ["bench"],
            StandardStreams = [HostStream.Standard(0), HostStream.Standard(1), HostStream.Standard(2)],
            Directories = [new Preopen("/", files.Root)],
        });
        var start = Stopwatch.GetTimestamp();
        var outcome = Guest.Run(engine, module, host, new GuestLimits(), CancellationToken.None);
        return outcome.End == GuestEnd.Exited
            ? Stopwatch.GetElapsedTime(start).TotalNanoseconds
            : throw new InvalidOperationException(outcome.Message);
    }
}

/// <summary>Runs of the same loop on Wasmtime's built-in WASI.</summary>
internal sealed class BuiltInRuns : IDisposable
{
    private readonly Engine engine = new();
    private readonly Module loop;
    private readonly Module empty;
    private readonly string folder;

    public BuiltInRuns(string folder, string loopText, string emptyText)
    {
        this.folder = folder;
        loop = Module.FromText(engine, "loop", loopText);
        empty = Module.FromText(engine, "empty", emptyText);
    }

    /// <summary>Nanoseconds of the loop alone.</summary>
    public double Measure() => Run(loop) - Run(empty);

    public void Dispose()
    {
        loop.Dispose();
        empty.Dispose();
        engine.Dispose();
    }

    private double Run(Module module)
    {
        using var linker = new Linker(engine);
        using var store = new Store(engine);
        linker.DefineWasi();
        store.SetWasiConfiguration(new WasiConfiguration().WithPreopenedDirectory(folder, "/", true));
        var start = linker.Instantiate(store, module).GetAction("_start")!;
        var began = Stopwatch.GetTimestamp();
        start();
        return Stopwatch.GetElapsedTime(began).TotalNanoseconds;
    }
}
