using System.Net.Sockets;
using System.Runtime.InteropServices;
using Guardian.Runtime.Base;
using Guardian.Runtime.Run;
using Guardian.Runtime.Start;
using Guardian.Sgx.Epc;
using Guardian.Sgx.Simulated;
using Guardian.Wasi;

// Runs one WASI program inside this enclave, configured by a CAS. Standard output is the program's; what is said here goes to standard error.
void Say(string text) => Console.Error.WriteLine($"guardian-runtime: {text}");

using var ending = new CancellationTokenSource();
void End(PosixSignalContext context)
{
    context.Cancel = true;
    ending.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
try
{
    return await ConfiguredProgram.RunAsync(RuntimeOptions.Parse(args), Say, ending.Token).ConfigureAwait(false);
}
catch (RuntimeException failure)
{
    Say($"error: {failure.Message}");
    foreach (var detail in failure.Details)
    {
        await Console.Error.WriteLineAsync($"  {detail}").ConfigureAwait(false);
    }
    if (failure.Hint is { } hint)
    {
        Say($"hint: {hint}");
    }
}
catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException or SocketException or EnclaveLaunchException or EpcException or OperationCanceledException)
{
    Say($"error: {failure.Message}");
}
return GuestOutcome.OwnFailure;
