using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace Guardian.Files.Native;

/// <summary>All calls of libc that Guardian makes on Linux: where the base library has no such call, or none on a descriptor.</summary>
/// <remarks>A call that fails returns -1 and leaves its reason in <see cref="Errno"/>.</remarks>
[SupportedOSPlatform("linux")]
internal static unsafe partial class Libc
{
    // open(2)
    public const int WriteOnly = 1;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int NoTerminal = 0x100;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const int PathOnly = 0x200000;

    // Flags of the *at calls, and what stands for the current directory in them.
    public const int EmptyPath = 0x1000;
    public const int SymlinkNoFollow = 0x100;
    public const int SymlinkFollow = 0x400;
    public const int RemoveDirectory = 0x200;
    public const int CurrentDirectory = -100;
    public const long OmitTime = 0x3FFFFFFE;
    public const int AppendAtomically = 0x10;

    // signal(7): SIGINT, SIGTERM
    public const int Interrupt = 2;
    public const int Terminate = 15;

    // pthread_sigmask(3), and the size of its sigset_t
    public const int BlockSignals = 0;
    public const int UnblockSignals = 1;
    public const int SignalSetSize = 128;

    // fcntl(2): F_GETFD
    public const int GetDescriptorFlags = 1;

    // fallocate(2): no flags; FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE
    public const int WholeRange = 0;
    public const int PunchHole = 3;

    // poll(2)
    public const short In = 1;
    public const short Out = 4;
    public const short Error = 8;
    public const short HangUp = 16;

    // Two open flags have other numbers on ARM.
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    public static readonly int Directory = IsArm ? 0x4000 : 0x10000;
    public static readonly int NoFollow = IsArm ? 0x8000 : 0x20000;

    // struct sockaddr_vm: family 2 | reserved 2 | port 4 | cid 4 | flags 1 | zero 3, in the machine's byte order (vsock(7))
    [StructLayout(LayoutKind.Sequential, Size = 16)]
    public struct VsockAddress
    {
        public ushort Family;
        public ushort Reserved;
        public uint Port;
        public uint Cid;
    }

    // struct statx, Linux 4.11: 256 bytes, the same on every processor.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct Statx
    {
        [FieldOffset(0)] public uint Mask;
        [FieldOffset(16)] public uint LinkCount;
        [FieldOffset(24)] public uint Group;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Node;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(64)] public StatxTime AccessTime;
        [FieldOffset(96)] public StatxTime ChangeTime;
        [FieldOffset(112)] public StatxTime ModificationTime;
        [FieldOffset(128)] public uint RawMajor;
        [FieldOffset(132)] public uint RawMinor;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct StatxTime
    {
        public long Seconds;
        public uint Nanoseconds;
        private readonly int reserved;

        // WASI has no number for a time before 1970.
        public readonly ulong SinceEpoch => Seconds < 0 ? 0 : unchecked(((ulong)Seconds * 1_000_000_000) + Nanoseconds);
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Vector
    {
        public byte* Base;
        public nint Size;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Poll
    {
        public int Descriptor;
        public short Events;
        public short Occurred;
    }

    /// <summary>Polls one descriptor without waiting.</summary>
    /// <returns>The events that occurred; 0 when there are none.</returns>
    public static short PollNow(int descriptor, short events)
    {
        var poll = new Poll { Descriptor = descriptor, Events = events };
        return Wait(&poll, 1, new Time()) > 0 ? poll.Occurred : (short)0;
    }

    /// <summary>Waits for an event on one of the descriptors.</summary>
    /// <param name="polls">The descriptors.</param>
    /// <param name="count">How many.</param>
    /// <param name="timeout">The longest wait; null waits without end.</param>
    public static int Wait(Poll* polls, uint count, Time? timeout)
    {
        var time = timeout.GetValueOrDefault();
        return WaitFor(polls, count, timeout is null ? null : &time, 0);
    }

    /// <summary>Gives a pipe more memory, if the descriptor is one and the system allows it.</summary>
    /// <param name="descriptor">Either end.</param>
    /// <param name="size">Bytes.</param>
    public static void WidenPipe(int descriptor, int size)
    {
        const int setPipeSize = 1031;
        _ = ControlFile(descriptor, setPipeSize, size);
    }

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int OpenAt(int directory, string name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int OpenSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(int socket, in VsockAddress address, int size);

    [LibraryImport("libc", EntryPoint = "listen", SetLastError = true)]
    public static partial int ListenOn(int socket, int backlog);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    public static partial int ConnectTo(int socket, in VsockAddress address, int size);

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    public static partial int AcceptFrom(int socket, ref VsockAddress peer, ref int size, int flags);

    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Execute(string path, byte** arguments, byte** environment);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    public static partial int EmptySignals(byte* set);

    [LibraryImport("libc", EntryPoint = "sigaddset")]
    public static partial int AddSignal(byte* set, int signal);

    [LibraryImport("libc", EntryPoint = "pthread_sigmask")]
    public static partial int ChangeSignalMask(int how, byte* set, byte* former);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int StatAt(int directory, string name, int flags, uint mask, Statx* stat);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "utimensat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetTimesAt(int directory, string name, Time* times, int flags);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeDirectoryAt(int directory, string name, uint mode);

    [LibraryImport("libc", EntryPoint = "symlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SymlinkAt(string target, int directory, string name);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint ReadLinkAt(int directory, string name, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int LinkAt(int fromDirectory, string from, int directory, string name, int flags);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RenameAt(int fromDirectory, string from, int directory, string name);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int UnlinkAt(int directory, string name, int flags);

    [LibraryImport("libc", EntryPoint = "getdents64", SetLastError = true)]
    public static partial nint ReadEntries(int directory, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    public static partial long Seek(int descriptor, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    public static partial nint ReadAt(int descriptor, byte* buffer, nuint size, long offset);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    public static partial nint WriteAt(int descriptor, byte* data, nuint size, long offset);

    [LibraryImport("libc", EntryPoint = "pwritev2", SetLastError = true)]
    public static partial nint WriteVector(int descriptor, Vector* vectors, int count, long offset, int flags);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int Truncate(int descriptor, long size);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Allocate(int descriptor, int mode, long offset, long size);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Allocate(SafeFileHandle file, int mode, long offset, long size);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int SyncData(int descriptor);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int SyncData(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "ppoll", SetLastError = true)]
    private static partial int WaitFor(Poll* polls, nuint count, Time* timeout, nint signals);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, byte* data, nuint size);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(int descriptor, byte* buffer, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(int descriptor, byte* data, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "shutdown", SetLastError = true)]
    public static partial int Shutdown(int descriptor, int how);

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    public static partial int Accept(int descriptor, nint address, nint addressSize, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(int descriptor, nuint request, int* value);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int ControlFile(int descriptor, int command, nint value);

    [LibraryImport("libc", EntryPoint = "isatty")]
    public static partial int IsTerminal(int descriptor);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int CreateEvent(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    public static partial int ReadClock(int clock, Time* time);
}
