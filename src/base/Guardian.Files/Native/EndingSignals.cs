using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Guardian.Files.Native;

/// <summary>Turns SIGINT and SIGTERM into a cancellation.</summary>
/// <remarks>
/// The kernel discards signals that process 1 of a container does not handle yet. A program that becomes another one with
/// <see cref="ProcessImage"/> therefore calls <see cref="Hold"/> first: the kernel then keeps the signals until the other program is
/// ready, and creates an instance. A signal that another thread has taken, but not yet reported to the handler, is lost with the process.
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed unsafe class EndingSignals : IDisposable
{
    // By convention a program that a signal ended has 128 and the signal's number as exit status.
    private const int SignalStatus = 128;

    private readonly CancellationTokenSource source = new();
    private readonly List<PosixSignalRegistration> registrations = [];

    public EndingSignals()
    {
        foreach (var (signal, number) in new[] { (PosixSignal.SIGINT, Libc.Interrupt), (PosixSignal.SIGTERM, Libc.Terminate) })
        {
            registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                ExitCode = SignalStatus + number;
                source.Cancel();
            }));
        }
        Change(Libc.UnblockSignals);
    }

    public CancellationToken Token => source.Token;

    /// <summary>The exit status for the signal that came; 0 before.</summary>
    public int ExitCode { get; private set; }

    /// <summary>Keeps the signals back from this thread, and from every program that replaces this process.</summary>
    public static void Hold() => Change(Libc.BlockSignals);

    public void Dispose()
    {
        registrations.ForEach(registration => registration.Dispose());
        source.Dispose();
    }

    private static void Change(int how)
    {
        var set = stackalloc byte[Libc.SignalSetSize];
        _ = Libc.EmptySignals(set);
        _ = Libc.AddSignal(set, Libc.Interrupt);
        _ = Libc.AddSignal(set, Libc.Terminate);
        _ = Libc.ChangeSignalMask(how, set, null);
    }
}
