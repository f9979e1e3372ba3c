using Guardian.Refusals;

namespace Guardian.Wasi.Engine;

/// <summary>The reasons for which the WASI host refuses.</summary>
public static class WasiReasons
{
    /// <summary>The program is no module, or needs a feature that the engine does not offer.</summary>
    public static readonly RefusalReason NotAProgram = new(
        "not-a-program", RefusalKind.Invalid,
        "The file is not a WebAssembly module, or it uses a feature of WebAssembly that Guardian does not run.",
        "compile the program for WASI preview 1 (wasm32-wasip1) without optional features");
}
