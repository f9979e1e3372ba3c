using Guardian.Files.Native;

namespace Guardian.Runtime.Network;

/// <summary>A descriptor to wait for a state in this process's memory: an eventfd. The state itself never leaves the process.
/// Thread-safe.</summary>
internal sealed unsafe class Signal : IDisposable
{
    private readonly Lock gate = new();
    private bool isSet;
    private bool isDisposed;

    public Signal()
    {
        Descriptor = Libc.CreateEvent(0, Libc.CloseOnExec | Libc.NonBlocking);
        if (Descriptor < 0)
        {
            throw new IOException("no descriptor is left for a connection");
        }
    }

    /// <summary>Readable while the signal is set.</summary>
    public int Descriptor { get; }

    public void Set(bool value)
    {
        lock (gate)
        {
            if (isDisposed || isSet == value)
            {
                return;
            }
            isSet = value;
            ulong count = 1;
            _ = value ? Libc.Write(Descriptor, (byte*)&count, sizeof(ulong)) : Libc.Read(Descriptor, (byte*)&count, sizeof(ulong));
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            if (!isDisposed)
            {
                isDisposed = true;
                _ = Libc.Close(Descriptor);
            }
        }
    }
}
