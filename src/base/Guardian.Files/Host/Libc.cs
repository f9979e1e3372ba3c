using System.Runtime.InteropServices;

namespace Guardian.Files.Host;

/// <summary>The calls of libc that work relative to an open directory, on Linux.</summary>
internal static unsafe partial class Libc
{
    public const int WriteOnly = 1;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int NoTerminal = 0x100;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const int PathOnly = 0x200000;

    public const int EmptyPath = 0x1000;
    public const int SymlinkFollow = 0x400;
    public const int RemoveDirectory = 0x200;
    public const int CurrentDirectory = -100;
    public const long OmitTime = 0x3FFFFFFE;
    public const int AppendAtomically = 0x10;

    // Two open flags have other numbers on ARM.
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    public static readonly int Directory = IsArm ? 0x4000 : 0x10000;
    public static readonly int NoFollow = IsArm ? 0x8000 : 0x20000;

    // struct statx, Linux 4.11: 256 bytes, the same on every processor.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct Statx
    {
        [FieldOffset(0)] public uint Mask;
        [FieldOffset(16)] public uint LinkCount;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Node;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(64)] public StatxTime AccessTime;
        [FieldOffset(96)] public StatxTime ChangeTime;
        [FieldOffset(112)] public StatxTime ModificationTime;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct StatxTime
    {
        public long Seconds;
        public uint Nanoseconds;
        private readonly int reserved;

        // What lies before 1970 has no number in WASI.
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

    /// <summary>What the last call failed with; libc's numbers become WASI's.</summary>
    public static FileError LastError => Marshal.GetLastPInvokeError() switch
    {
        1 => FileError.NotPermitted,
        2 => FileError.NoEntry,
        4 => FileError.Interrupted,
        5 => FileError.Io,
        6 => FileError.NoSuchDevice,
        7 => FileError.TooBig,
        9 => FileError.BadDescriptor,
        11 => FileError.Again,
        12 => FileError.NoMemory,
        13 => FileError.Access,
        14 => FileError.Fault,
        16 => FileError.Busy,
        17 => FileError.Exists,
        18 => FileError.CrossDevice,
        19 => FileError.NoDevice,
        20 => FileError.NotDirectory,
        21 => FileError.IsDirectory,
        22 => FileError.Invalid,
        23 => FileError.TooManyOpenInSystem,
        24 => FileError.TooManyOpen,
        26 => FileError.TextBusy,
        27 => FileError.FileTooBig,
        28 => FileError.NoSpace,
        29 => FileError.IllegalSeek,
        30 => FileError.ReadOnly,
        31 => FileError.TooManyLinks,
        32 => FileError.BrokenPipe,
        36 => FileError.NameTooLong,
        38 => FileError.NotImplemented,
        39 => FileError.NotEmpty,
        40 => FileError.Loop,
        75 => FileError.Overflow,
        84 => FileError.IllegalSequence,
        95 => FileError.NotSupported,
        116 => FileError.Stale,
        122 => FileError.Quota,
        _ => FileError.Io,
    };

    public static bool WasInterrupted => Marshal.GetLastPInvokeError() == 4;

    /// <summary>The error of a call that gives -1 when it fails.</summary>
    public static FileError Check(int result) => result < 0 ? LastError : FileError.Success;

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int OpenAt(int directory, string name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int StatAt(int directory, string name, int flags, uint mask, Statx* stat);

    [LibraryImport("libc", EntryPoint = "utimensat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int SetTimesAt(int directory, string name, Time* times, int flags);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int MakeDirectoryAt(int directory, string name, uint mode);

    [LibraryImport("libc", EntryPoint = "symlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int SymlinkAt(string target, int directory, string name);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint ReadLinkAt(int directory, string name, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int LinkAt(int fromDirectory, string from, int directory, string name, int flags);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int RenameAt(int fromDirectory, string from, int directory, string name);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int UnlinkAt(int directory, string name, int flags);

    [LibraryImport("libc", EntryPoint = "getdents64", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint ReadEntries(int directory, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial long Seek(int descriptor, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint Read(int descriptor, byte* buffer, nuint size, long offset);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint Write(int descriptor, byte* data, nuint size, long offset);

    [LibraryImport("libc", EntryPoint = "pwritev2", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint WriteVector(int descriptor, Vector* vectors, int count, long offset, int flags);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Truncate(int descriptor, long size);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Allocate(int descriptor, int mode, long offset, long size);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int SyncData(int descriptor);
}
