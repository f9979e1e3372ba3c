using Guardian.Files;
using Guardian.Wasi.Streams;

namespace Guardian.Wasi.Descriptors;

/// <summary>The object behind one of the guest's descriptor numbers, with its rights and flags.</summary>
internal abstract class Descriptor(FileKind kind) : IDisposable
{
    public FileKind Kind => kind;

    public Rights Base { get; set; }

    public Rights Inheriting { get; set; }

    public FdFlags Flags { get; set; }

    public abstract void Dispose();
}

internal sealed class FileDescriptor(IFile file) : Descriptor(FileKind.RegularFile)
{
    public IFile File => file;

    public ulong Position { get; set; }

    public override void Dispose() => file.Dispose();
}

/// <param name="shared">The directory; other descriptors may share it.</param>
/// <param name="preopenName">The guest's name for a preopened directory, in UTF-8; null for all others.</param>
internal sealed class DirectoryDescriptor(SharedDirectory shared, byte[]? preopenName) : Descriptor(FileKind.Directory)
{
    public SharedDirectory Shared => shared;

    public IDirectory Directory => shared.Directory;

    public byte[]? PreopenName => preopenName;

    public override void Dispose() => shared.Release();
}

/// <summary>A directory that several descriptors share: opening "." opens the same one again.</summary>
internal sealed class SharedDirectory(IDirectory directory, bool isOwned)
{
    private int references = 1;

    public IDirectory Directory => directory;

    public SharedDirectory AddReference()
    {
        references++;
        return this;
    }

    public void Release()
    {
        if (--references == 0 && isOwned)
        {
            directory.Dispose();
        }
    }
}

internal sealed class StreamDescriptor(IGuestStream stream) : Descriptor(stream.Kind)
{
    public IGuestStream Stream => stream;

    public override void Dispose() => stream.Dispose();
}

/// <summary>A listening socket. It is handed over non-blocking, as by other runtimes, and its flags say so: schedulers such as Go's rely on
/// it. A program that neither reads nor sets the flags cannot know, so its calls wait, as a plain <c>accept</c> in C expects.</summary>
internal sealed class ListenerDescriptor : Descriptor
{
    private bool isKnown;
    private bool isSet;

    public ListenerDescriptor(IGuestListener listener) : base(FileKind.StreamSocket)
    {
        Listener = listener;
        Flags = FdFlags.Nonblock;
    }

    public IGuestListener Listener { get; }

    /// <summary>Whether a call waits for a connection.</summary>
    public bool Waits => !isKnown || !Flags.HasFlag(FdFlags.Nonblock);

    /// <summary>The flags of an accepted connection besides those that the program asks for. It is like its listener as long as that is as
    /// it was handed over; when the program has set the listener's flags, they count for the listener alone, as in POSIX.</summary>
    public FdFlags OfConnections => isKnown && !isSet ? Flags : FdFlags.None;

    /// <summary>Notes that the program has read the flags.</summary>
    public void NoteRead() => isKnown = true;

    /// <summary>Notes that the program has set the flags.</summary>
    public void NoteSet() => isKnown = isSet = true;

    public override void Dispose() => Listener.Dispose();
}
