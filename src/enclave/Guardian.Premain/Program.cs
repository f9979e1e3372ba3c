using Guardian.Files.Native;
using Guardian.Premain;
using Guardian.Runtime.Run;

// Starts a native program inside this enclave, configured by a CAS. Its streams belong to the program.
InheritedStreams.FillMissing();
RuntimeDiagnostics.RestartWithout();
return await StartFailures.RunAsync("guardian-premain", (log, signals) => NativeStart.RunAsync(
    PremainOptions.Parse(args, Environment.GetEnvironmentVariable(PremainOptions.HostVariable)), log, signals.Token)).ConfigureAwait(false);
