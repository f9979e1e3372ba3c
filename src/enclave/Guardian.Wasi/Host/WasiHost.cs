using System.Text;
using Guardian.Files;
using Guardian.Wasi.Descriptors;
using Guardian.Wasi.Streams;

namespace Guardian.Wasi.Host;

/// <summary>
/// WASI preview 1 for one guest: the only calls that it can make, and everything that it can reach.
/// </summary>
/// <remarks>
/// Used by one thread at a time, except <see cref="Cancel"/>. Host calls return an errno for everything that a guest passes; an address
/// outside its memory gives <c>fault</c>.
/// </remarks>
public sealed partial class WasiHost : IDisposable
{
    private readonly DescriptorTable descriptors = new();
    private readonly Waiter waiter = new();
    private readonly byte[][] arguments;
    private readonly byte[][] environment;
    private readonly TimeProvider time;
    private GuestMemory memory;

    /// <param name="options">Everything that the guest can reach. The host owns the streams and listeners from now on.</param>
    /// <exception cref="ArgumentException">A text contains NUL, or there are more than <see cref="DescriptorTable.MaxCount"/>
    /// descriptors.</exception>
    public WasiHost(WasiOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        arguments = [.. options.Arguments.Select(EncodeText)];
        environment = [.. options.Environment.Select(EncodeText)];
        time = options.Time;
        foreach (var (index, stream) in options.StandardStreams.Index())
        {
            AddDescriptor(new StreamDescriptor(stream), Rights.OfStream & ~(index == 0 ? Rights.FdWrite : Rights.FdRead));
        }
        foreach (var preopen in options.Directories)
        {
            var shared = new SharedDirectory(preopen.Directory, isOwned: false);
            AddDescriptor(new DirectoryDescriptor(shared, Encoding.UTF8.GetBytes(preopen.GuestPath)), Rights.OfDirectory, Rights.All);
        }
        foreach (var listener in options.Listeners)
        {
            AddDescriptor(new ListenerDescriptor(listener), Rights.OfListener, Rights.OfSocket);
        }
    }

    /// <summary>The code that the guest passed to <c>proc_exit</c>; null before that call.</summary>
    internal uint? ExitCode { get; private set; }

    /// <summary>Ends every present and future wait of the guest: the call returns <c>canceled</c>. May be called from any thread.</summary>
    internal void Cancel() => waiter.Cancel();

    /// <summary>Closes everything that the guest has open.</summary>
    public void Dispose()
    {
        descriptors.Dispose();
        waiter.Dispose();
    }

    /// <summary>Makes one host call.</summary>
    /// <param name="guest">The guest's memory, for the time of this call.</param>
    /// <param name="function">Index into <see cref="Functions"/>.</param>
    /// <param name="values">The arguments, in the order of the function's parameters.</param>
    internal FileError Call(GuestMemory guest, int function, CallArguments values)
    {
        memory = guest;
        return Functions[function].Call(this, values);
    }

    private static byte[] EncodeText(string text) => !text.Contains('\0', StringComparison.Ordinal)
        ? Encoding.UTF8.GetBytes(text + '\0')
        : throw new ArgumentException("arguments and environment must not contain NUL", nameof(text));

    private void AddDescriptor(Descriptor descriptor, Rights rights, Rights inheriting = Rights.None)
    {
        descriptor.Base = rights;
        descriptor.Inheriting = inheriting;
        if (descriptors.Add(descriptor, out _) != FileError.Success)
        {
            throw new ArgumentException("there are too many descriptors for a guest");
        }
    }

    // Finds a descriptor of the kind and with the rights that the call needs. If it is not open for reading or writing, the error is badf,
    // as in POSIX.
    private FileError Find<T>(uint number, Rights rights, FileError otherKind, out T? found) where T : Descriptor
    {
        found = null;
        if (!descriptors.TryGet(number, out var descriptor))
        {
            return FileError.BadDescriptor;
        }
        if (descriptor is not T)
        {
            return otherKind;
        }
        var missing = rights & ~descriptor.Base;
        if (missing != Rights.None)
        {
            return (missing & (Rights.FdRead | Rights.FdWrite)) != 0 ? FileError.BadDescriptor : FileError.NotCapable;
        }
        found = (T)descriptor;
        return FileError.Success;
    }
}
