using Guardian.Refusals;
using Guardian.Wasi.Engine;
using Guardian.Wasi.Host;

namespace Guardian.Wasi;

/// <summary>Looks at a program before it is compiled.</summary>
public static class WasiProgram
{
    private static readonly HashSet<string> Offered = [.. WasiHost.Functions.Select(function => function.Name)];

    /// <summary>Finds a reason for which the program cannot run here, in a moment: its imports and its exports say it.</summary>
    /// <param name="wasm">The module in WebAssembly's binary form.</param>
    /// <returns>A refusal with reason <see cref="WasiReasons.NoSuchImport"/> and a line for each problem; null when there is none.
    /// Malformed bytes give null: <see cref="WasmEngine.Compile"/> refuses them. Never throws for any content.</returns>
    public static Refusal? FindRefusal(ReadOnlySpan<byte> wasm)
    {
        var problems = ModuleInterface.FindProblems(wasm, static (module, name) => module == WasiHost.ModuleName && Offered.Contains(name));
        return problems.Count == 0 ? null : WasiReasons.NoSuchImport.Because(problems[0]) with { Problems = [.. problems.Skip(1)] };
    }
}
