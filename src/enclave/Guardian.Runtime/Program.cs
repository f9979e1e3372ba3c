using System.Net.Sockets;
using System.Runtime.InteropServices;
using Guardian.Files.Native;
using Guardian.Refusals;
using Guardian.Runtime.Run;
using Guardian.Runtime.Start;
using Guardian.Wasi;

// Runs one WASI program inside this enclave, configured by a CAS. Standard output belongs to the program; the runtime writes to standard
// error.
RuntimeDiagnostics.RestartWithout();

void Log(string text) => Console.Error.WriteLine($"guardian-runtime: {text}");

// By convention a process that a signal ended has 128 and the signal's number as exit status.
const int signalStatus = 128;
var ended = GuestOutcome.OwnFailure;
using var ending = new CancellationTokenSource();
void End(PosixSignalContext context)
{
    context.Cancel = true;
    ended = signalStatus + (context.Signal == PosixSignal.SIGINT ? Libc.Interrupt : Libc.Terminate);
    ending.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
try
{
    return await ConfiguredProgram.RunAsync(RuntimeOptions.Parse(args), Log, ending.Token).ConfigureAwait(false);
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
catch (OperationCanceledException) when (ending.IsCancellationRequested)
{
    // Nothing was open yet. A compilation may still run, and ends with the process.
    Log("error: a signal ended the start of the program");
    return ended;
}
catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException or SocketException
    or PlatformNotSupportedException or OperationCanceledException)
{
    Log($"error: {failure.Message}");
}
return GuestOutcome.OwnFailure;
