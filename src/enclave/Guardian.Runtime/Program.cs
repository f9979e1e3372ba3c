using Guardian.Files.Native;
using Guardian.Runtime.Run;
using Guardian.Runtime.Start;

// Runs one WASI program inside this enclave, configured by a CAS.
InheritedStreams.FillMissing();
RuntimeDiagnostics.RestartWithout();
return await StartFailures.RunAsync(
    "guardian-runtime", (log, signals) => ConfiguredProgram.RunAsync(RuntimeOptions.Parse(args), log, signals)).ConfigureAwait(false);
