using System.Net.Sockets;
using Guardian.Files.Native;
using Guardian.Refusals;
using Guardian.Wasi;

namespace Guardian.Runtime.Run;

/// <summary>
/// Runs a start, and tells the host why it failed. Standard output belongs to the program; this writes to standard error.
/// </summary>
internal static class StartFailures
{
    /// <summary>Runs a start.</summary>
    /// <param name="name">The executable's name, for messages.</param>
    /// <param name="run">Starts the program and returns its exit status. It gets a log for the host, and the signals that end it.</param>
    /// <returns>The exit status of this process.</returns>
    public static async Task<int> RunAsync(string name, Func<Action<string>, EndingSignals, Task<int>> run)
    {
        void Log(string text) => Console.Error.WriteLine($"{name}: {text}");

        // Signals that came before, while 'guardian run' became this program, come now.
        using var signals = new EndingSignals();
        try
        {
            return await run(Log, signals).ConfigureAwait(false);
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
    }
}
