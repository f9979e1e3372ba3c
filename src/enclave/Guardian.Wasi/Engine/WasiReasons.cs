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

    /// <summary>The program needs something that no host call gives, or is no program.</summary>
    public static readonly RefusalReason NoSuchImport = new(
        "no-such-import", RefusalKind.Invalid,
        "The module imports something that WASI preview 1 does not have, or it has no function '_start'.",
        "compile it as a program for WASI preview 1 (wasm32-wasip1), without a JavaScript host, threads or components");

    /// <summary>The native code of a program cannot be loaded.</summary>
    public static readonly RefusalReason NotCompiledProgram = new(
        "not-a-compiled-program", RefusalKind.Invalid,
        "The native code of a program is malformed, or it is for another version of the runtime or another processor.",
        "compile it again with 'guardian program compile' of this version");
}
