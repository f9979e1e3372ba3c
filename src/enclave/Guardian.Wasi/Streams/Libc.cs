using System.Runtime.InteropServices;
using Guardian.Files;

namespace Guardian.Wasi.Streams;

/// <summary>libc's calls on descriptors that may have to be waited for.</summary>
internal static unsafe partial class Libc
{
    public const short In = 1;
    public const short Out = 4;
    public const short Error = 8;
    public const short HangUp = 16;

    [StructLayout(LayoutKind.Sequential)]
    public struct Poll
    {
        public int Descriptor;
        public short Events;
        public short Occurred;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }

    public static bool WasInterrupted => Marshal.GetLastPInvokeError() == 4;

    public static FileError LastError => Marshal.GetLastPInvokeError() switch
    {
        4 => FileError.Interrupted,
        9 => FileError.BadDescriptor,
        11 => FileError.Again,
        12 => FileError.NoMemory,
        22 => FileError.Invalid,
        23 => FileError.TooManyOpenInSystem,
        24 => FileError.TooManyOpen,
        27 => FileError.FileTooBig,
        28 => FileError.NoSpace,
        32 => FileError.BrokenPipe,
        103 => FileError.ConnectionAborted,
        104 => FileError.ConnectionReset,
        107 => FileError.NotConnected,
        110 => FileError.TimedOut,
        _ => FileError.Io,
    };

    /// <summary>Looks at one descriptor without waiting.</summary>
    public static short Look(int descriptor, short events)
    {
        var poll = new Poll { Descriptor = descriptor, Events = events };
        return Wait(&poll, 1, new Time()) > 0 ? poll.Occurred : (short)0;
    }

    public static int Wait(Poll* polls, uint count, Time? timeout)
    {
        var time = timeout.GetValueOrDefault();
        return WaitFor(polls, count, timeout is null ? null : &time, 0);
    }

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

    [LibraryImport("libc", EntryPoint = "isatty")]
    public static partial int IsTerminal(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int NewEvent(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    public static partial int Clock(int clock, Time* time);
}
