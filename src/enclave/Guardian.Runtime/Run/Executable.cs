using Guardian.Refusals;
using Guardian.Runtime.Start;
using Guardian.Wasi;
using Guardian.Wasi.Engine;

namespace Guardian.Runtime.Run;

/// <summary>A program as native code, with the engine that runs it.</summary>
internal sealed class Executable : IDisposable
{
    private Executable(WasmEngine engine, WasmModule module) => (Engine, Module) = (engine, module);

    public WasmEngine Engine { get; }

    public WasmModule Module { get; }

    /// <summary>Loads the program's native code. Without such code, compiles the program, or takes what this runtime compiled before.
    /// </summary>
    /// <param name="program">The program, whose digest is the session's.</param>
    /// <param name="options">The host's options.</param>
    /// <param name="launch">The attested start.</param>
    /// <param name="cancellation">Ends the wait. A compilation cannot be ended itself: it goes on until the process ends.</param>
    /// <exception cref="RefusedException">The program cannot run.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async Task<Executable> PrepareAsync(
        HostedProgram program, RuntimeOptions options, Launch launch, CancellationToken cancellation)
    {
        if (program.Compiled is { } code)
        {
            return Prepare(code.Load);
        }
        var module = program.Module;
        if (WasiProgram.FindRefusal(module) is { } refusal)
        {
            throw new RefusedException(refusal);
        }
        var cache = options.Modules is { } folder ? OpenCache(folder, launch) : null;
        var preparing = Task.Run(
            () => Prepare(engine => Compile(engine, module, cache)), CancellationToken.None);
        return await preparing.WaitAsync(cancellation).ConfigureAwait(false);
    }

    public void Dispose()
    {
        Module.Dispose();
        Engine.Dispose();
    }

    private static Executable Prepare(Func<WasmEngine, Outcome<WasmModule>> load)
    {
        var engine = new WasmEngine(fitsEnclave: true);
        var loaded = load(engine);
        if (loaded.Value is { } module)
        {
            return new Executable(engine, module);
        }
        engine.Dispose();
        throw new RefusedException(loaded.Refusal!);
    }

    private static Outcome<WasmModule> Compile(WasmEngine engine, byte[] module, ModuleCache? cache)
    {
        var compiled = cache is null ? engine.Compile(module) : cache.Load(engine, module);
        return compiled.Refusal is { } refusal
            ? refusal with { Detail = $"the program is not a WebAssembly module that Guardian runs: {refusal.Detail}" }
            : compiled;
    }

    private static ModuleCache OpenCache(string folder, Launch launch)
    {
        Span<byte> key = stackalloc byte[ModuleCache.KeySize];
        launch.DeriveModuleKey(key);
        return new ModuleCache(folder, key);
    }
}
