using System.Runtime.Versioning;
using System.Text;
using Guardian.Files.Native;

namespace Guardian.Files.Host;

/// <summary>A node of the host that is open as a descriptor, so nobody can exchange it by renaming its path.</summary>
[SupportedOSPlatform("linux")]
internal class HostNode(int descriptor, FileKind kind) : INode
{
    private bool isDisposed;

    public FileKind Kind => kind;

    public int Descriptor => !isDisposed ? descriptor : throw new ObjectDisposedException(nameof(HostNode));

    public void Dispose()
    {
        Dispose(isDisposing: true);
        GC.SuppressFinalize(this);
    }

    public unsafe FileError Stat(out FileStat stat)
    {
        Libc.Statx raw;
        var error = TryStat(Descriptor, &raw);
        stat = error != FileError.Success ? default : new FileStat(
            ((ulong)raw.DeviceMajor << 32) | raw.DeviceMinor, raw.Node, KindOf(raw.Mode), raw.LinkCount, raw.Size,
            raw.AccessTime.SinceEpoch, raw.ModificationTime.SinceEpoch, raw.ChangeTime.SinceEpoch);
        return error;
    }

    public unsafe FileError SetTimes(ulong? access, ulong? modification)
    {
        var times = stackalloc Libc.Time[] { TimeOf(access), TimeOf(modification) };
        return Errno.Check(Libc.SetTimesAt(Descriptor, "", times, Libc.EmptyPath));
    }

    public FileError Sync(bool dataOnly) => Errno.Check(dataOnly ? Libc.SyncData(Descriptor) : Libc.Sync(Descriptor));

    internal static unsafe FileError TryStat(int descriptor, Libc.Statx* raw)
    {
        const uint basic = 0x7FF;
        return Errno.Check(Libc.StatAt(descriptor, "", Libc.EmptyPath, basic, raw));
    }

    internal static FileKind KindOf(ushort mode) => (mode & 0xF000) switch
    {
        0x2000 => FileKind.CharacterDevice,
        0x4000 => FileKind.Directory,
        0x6000 => FileKind.BlockDevice,
        0x8000 => FileKind.RegularFile,
        0xA000 => FileKind.SymbolicLink,
        0xC000 => FileKind.StreamSocket,
        _ => FileKind.Unknown,
    };

    protected virtual void Dispose(bool isDisposing)
    {
        if (!isDisposed)
        {
            isDisposed = true;
            _ = Libc.Close(descriptor);
        }
    }

    private static Libc.Time TimeOf(ulong? time) => time is { } nanoseconds
        ? new Libc.Time { Seconds = (long)(nanoseconds / 1_000_000_000), Nanoseconds = (long)(nanoseconds % 1_000_000_000) }
        : new Libc.Time { Nanoseconds = Libc.OmitTime };
}

/// <summary>A symbolic link of the host, opened itself.</summary>
[SupportedOSPlatform("linux")]
internal sealed class HostSymbolicLink(int descriptor) : HostNode(descriptor, FileKind.SymbolicLink), ISymbolicLink
{
    public unsafe FileError ReadTarget(out string target)
    {
        const int maxSize = 4096;
        target = "";
        var buffer = stackalloc byte[maxSize];
        var size = Libc.ReadLinkAt(Descriptor, "", buffer, maxSize);
        if (size < 0)
        {
            return Errno.LastError;
        }
        var isText = HostDirectory.TryDecode(new ReadOnlySpan<byte>(buffer, (int)size), out target!);
        return isText ? FileError.Success : FileError.IllegalSequence;
    }
}
