using Guardian.Wasi.Engine;
using Guardian.Wasi.Host;
using Guardian.Wasi.Streams;

namespace Guardian.Wasi.Tests;

/// <summary>Runs programs in WebAssembly's text form. Every WASI function is imported under its own name; data lies in an exported memory.</summary>
internal static class TextGuest
{
    public static readonly WasmEngine Engine = new();

    public static string Imports { get; } = string.Concat(WasiHost.Functions.Select(function =>
        $"""(import "{WasiHost.ModuleName}" "{function.Name}" (func ${function.Name} (param {string.Join(' ', function.Parameters.Select(p => p == 'I' ? "i64" : "i32"))}){(function.HasResult ? " (result i32)" : "")}))""" + "\n"));

    /// <summary>A whole module around the body of <c>_start</c>.</summary>
    public static string Module(string start, string more = "", string memory = """(memory (export "memory") 1)""") =>
        $"""(module {Imports} {memory} {more} (func (export "_start") {start}))""";

    public static GuestOutcome Run(string module, WasiOptions? options = null, GuestLimits? limits = null, CancellationToken cancellation = default)
    {
        using var engine = limits?.Fuel is null ? null : new WasmEngine(countsFuel: true);
        using var compiled = (engine ?? Engine).Compile(WasmEngine.Assemble(module));
        using var host = new WasiHost(options ?? Options());
        return Guest.Run(engine ?? Engine, compiled, host, limits ?? new GuestLimits(), cancellation);
    }

    /// <summary>A program that ends with what an expression gives.</summary>
    public static uint Evaluate(string expression, WasiOptions? options = null)
    {
        var outcome = Run(Module($"(call $proc_exit {expression})"), options);
        Assert.Equal((GuestEnd.Exited, ""), (outcome.End, outcome.Message));
        return outcome.ExitCode;
    }

    public static WasiOptions Options(IGuestStream? input = null, IGuestStream? output = null) => new()
    {
        Arguments = ["program"],
        StandardStreams = [input ?? new MemoryGuestStream(), output ?? new MemoryGuestStream(), new MemoryGuestStream()],
    };
}
