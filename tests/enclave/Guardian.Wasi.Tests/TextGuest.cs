using Guardian.Wasi.Engine;
using Guardian.Wasi.Host;
using Guardian.Wasi.Streams;

namespace Guardian.Wasi.Tests;

/// <summary>Runs programs in WebAssembly's text form. They import every WASI function under its own name and export their memory.</summary>
internal static class TextGuest
{
    public static readonly WasmEngine Engine = new();

    public static string Imports { get; } = string.Join('\n', WasiHost.Functions.Select(Import));

    /// <summary>A whole module around the body of <c>_start</c>.</summary>
    public static string Module(string start, string more = "", string memory = """(memory (export "memory") 1)""") =>
        $"""(module {Imports} {memory} {more} (func (export "_start") {start}))""";

    public static GuestOutcome Run(
        string module, WasiOptions? options = null, GuestLimits? limits = null, CancellationToken cancellation = default)
    {
        using var engine = limits?.Fuel is null ? null : new WasmEngine(countsFuel: true);
        using var compiled = (engine ?? Engine).Compile(WasmEngine.Assemble(module)).Value!;
        using var host = new WasiHost(options ?? Options());
        return Guest.Run(engine ?? Engine, compiled, host, limits ?? new GuestLimits(), cancellation);
    }

    /// <summary>Runs a program whose exit code is the value of an expression.</summary>
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

    private static string Import(HostFunction function)
    {
        var parameters = string.Join(' ', function.Parameters.Select(each => each == 'I' ? "i64" : "i32"));
        var result = function.HasResult ? "(result i32)" : "";
        return $"""(import "{WasiHost.ModuleName}" "{function.Name}" (func ${function.Name} (param {parameters}) {result}))""";
    }
}
