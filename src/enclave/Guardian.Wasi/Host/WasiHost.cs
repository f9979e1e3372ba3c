using System.Text;
using Guardian.Files;
using Guardian.Wasi.Descriptors;
using Guardian.Wasi.Streams;

namespace Guardian.Wasi.Host;

/// <summary>
/// WASI preview 1 for one guest: the only calls that it can make, and all that it can reach.
/// </summary>
/// <remarks>
/// Used by one thread at a time, but for <see cref="Cancel"/>. Host calls return an errno for whatever a guest passes; an address outside its memory is <c>fault</c>.
/// </remarks>
public sealed partial class WasiHost : IDisposable
{
    private readonly DescriptorTable descriptors = new();
    private readonly Waiter waiter = new();
    private readonly byte[][] arguments;
    private readonly byte[][] environment;
    private readonly TimeProvider time;
    private GuestMemory memory;

    /// <summary>Gives a guest what <paramref name="options"/> hold. Streams and listeners are the host's from now on.</summary>
    public WasiHost(WasiOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        arguments = [.. options.Arguments.Select(Terminated)];
        environment = [.. options.Environment.Select(Terminated)];
        time = options.Time;
        foreach (var (index, stream) in options.StandardStreams.Index())
        {
            Give(new StreamDescriptor(stream), Rights.OfStream & ~(index == 0 ? Rights.FdWrite : Rights.FdRead));
        }
        foreach (var preopen in options.Directories)
        {
            Give(new DirectoryDescriptor(new SharedDirectory(preopen.Directory, isOwned: false), Encoding.UTF8.GetBytes(preopen.GuestPath)), Rights.OfDirectory, Rights.All);
        }
        foreach (var listener in options.Listeners)
        {
            Give(new ListenerDescriptor(listener), Rights.OfListener, Rights.OfSocket);
        }
    }

    /// <summary>What the guest gave to <c>proc_exit</c>; null while it has not called it.</summary>
    public uint? ExitCode { get; private set; }

    /// <summary>Ends every wait of the guest, now and from now on: the call returns <c>canceled</c>. May be called from any thread.</summary>
    public void Cancel() => waiter.Cancel();

    /// <summary>Closes everything that the guest has open.</summary>
    public void Dispose()
    {
        descriptors.Dispose();
        waiter.Dispose();
    }

    /// <summary>Makes one host call.</summary>
    /// <param name="guest">The guest's memory, for the time of this call.</param>
    /// <param name="function">Index into <see cref="Functions"/>.</param>
    /// <param name="values">The arguments in the guest's order.</param>
    internal FileError Call(GuestMemory guest, int function, CallArguments values)
    {
        memory = guest;
        return Functions[function].Call(this, values);
    }

    private static byte[] Terminated(string text) => !text.Contains('\0', StringComparison.Ordinal)
        ? Encoding.UTF8.GetBytes(text + '\0')
        : throw new ArgumentException("arguments and environment hold no NUL", nameof(text));

    private void Give(Descriptor descriptor, Rights rights, Rights inheriting = Rights.None)
    {
        descriptor.Base = rights;
        descriptor.Inheriting = inheriting;
        if (descriptors.Add(descriptor, out _) != FileError.Success)
        {
            throw new ArgumentException("a guest is given too many descriptors");
        }
    }

    // The descriptor, when it is one of the kind that the call is for and has the rights for it. One that is not open for reading or writing is
    // badf, as in POSIX.
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
