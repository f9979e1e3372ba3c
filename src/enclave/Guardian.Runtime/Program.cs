using System.Net.Sockets;
using Guardian.Files.Native;
using Guardian.Refusals;
using Guardian.Runtime.Run;
using Guardian.Runtime.Start;
using Guardian.Wasi;

// Runs one WASI program inside this enclave, configured by a CAS. Standard output belongs to the program; the runtime writes to standard
// error.
RuntimeDiagnostics.RestartWithout();

void Log(string text) => Console.Error.WriteLine($"guardian-runtime: {text}");

// Signals that came before, while 'guardian run' became this program, come now.
using var signals = new EndingSignals();
try
{
    return await ConfiguredProgram.RunAsync(RuntimeOptions.Parse(args), Log, signals).ConfigureAwait(false);
}
catch (RefusedException failure)
{
    Log($"error: {failure.Message}");
    foreach (var problem in failure.Refusal.Problems)
    {
        await Console.Error.WriteLineAsync($"  {problem}").ConfigureAwait(false);
    }
    if (failure.Refusal.Remedy is { } remedy)
    {
        Log($"hint: {remedy}");
    }
}
catch (OutOfMemoryException)
{
    Log($"error: {ContainerMemory.Describe()}");
    Log("hint: give the container more memory; most of it is for the program, its compiler and its volumes");
}
catch (OperationCanceledException) when (signals.ExitCode != 0)
{
    // Nothing was open yet. A compilation may still run, and ends with the process.
    Log("ended by a signal before the program started");
    return signals.ExitCode;
}
catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException or SocketException
    or PlatformNotSupportedException or OperationCanceledException)
{
    Log($"error: {failure.Message}");
}
return GuestOutcome.OwnFailure;
