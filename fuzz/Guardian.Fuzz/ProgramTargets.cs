using Guardian.Wasi;
using Guardian.Wasi.Engine;
using Guardian.Wasi.Pure;

namespace Guardian.Fuzz;

/// <summary>Programs that tenants and members bring, and what a program passes to the host.</summary>
internal static class ProgramTargets
{
    public static IReadOnlyList<Target> All { get; } =
    [
        new("wasi-calls", () => [WasiCalls.CreateSeed()], WasiCalls.Run),
        new("wasm-module",
            () => [WasmEngine.Assemble("(module (table 1 funcref) (tag) (func))")],
            input => ModuleContents.Read(input) is not null),
        new("compiled-program",
            () => [CompiledProgram.Compile(WasmEngine.Assemble("(module (func (export \"_start\")))")).Value!],
            input => CompiledProgram.Read(input.ToArray()) is not null),
        new("wasm-memory",
            () => [WasmEngine.Assemble("(module (memory 3 9) (func))"), WasmEngine.Assemble("(module (func))")],
            input => PureProgram.ReadMemorySize(input) is not null),
        new("wasm-imports",
            () =>
            [
                WasmEngine.Assemble(
                "(module (import \"env\" \"f\" (func)) (import \"env\" \"m\" (memory 1 2)) (func (export \"_start\")))"),
                WasmEngine.Assemble("(module (import \"env\" \"t\" (table 1 funcref)) (import \"env\" \"g\" (global (mut i64))) (func))"),
            ],
            // Every input has an answer, with a short message.
            input => WasiProgram.FindRefusal(input) is null or { Detail.Length: < 300, Problems.Count: < 10 }),
    ];
}
