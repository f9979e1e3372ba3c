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

internal sealed class ListenerDescriptor(IGuestListener listener) : Descriptor(FileKind.StreamSocket)
{
    public IGuestListener Listener => listener;

    public override void Dispose() => listener.Dispose();
}
