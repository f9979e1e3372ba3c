using System.Runtime.InteropServices;

namespace Guardian.Cli.Commands.Programs;

/// <summary>Turns SIGINT and SIGTERM into a cancellation.</summary>
internal sealed class EndingSignals : IDisposable
{
    // By convention a program that a signal ended has 128 and the signal's number as exit status.
    private const int SignalStatus = 128;

    private readonly CancellationTokenSource source = new();
    private readonly List<PosixSignalRegistration> registrations = [];

    public EndingSignals()
    {
        foreach (var (signal, number) in new[] { (PosixSignal.SIGINT, 2), (PosixSignal.SIGTERM, 15) })
        {
            registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                ExitCode = SignalStatus + number;
                source.Cancel();
            }));
        }
    }

    public CancellationToken Token => source.Token;

    /// <summary>The exit status for the signal that came.</summary>
    public int ExitCode { get; private set; }

    public void Dispose()
    {
        registrations.ForEach(registration => registration.Dispose());
        source.Dispose();
    }
}
