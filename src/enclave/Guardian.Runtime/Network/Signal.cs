using System.Runtime.InteropServices;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace Guardian.Runtime.Network;

/// <summary>A descriptor to wait for a state in this process's memory: an eventfd. The state itself never leaves the process.
/// Thread-safe.</summary>
internal sealed unsafe partial class Signal : IDisposable
{
    private const int CloseOnExecNonBlocking = 0x80800;

    private readonly Lock gate = new();
    private bool isSet;
    private bool isDisposed;

    public Signal()
    {
        Descriptor = NewEvent(0, CloseOnExecNonBlocking);
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
            _ = value ? Write(Descriptor, &count, sizeof(ulong)) : Read(Descriptor, &count, sizeof(ulong));
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            if (!isDisposed)
            {
                isDisposed = true;
                _ = Close(Descriptor);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "eventfd")]
    private static partial int NewEvent(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int descriptor, ulong* value, nuint size);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int descriptor, ulong* value, nuint size);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
