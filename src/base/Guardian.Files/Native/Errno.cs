using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Guardian.Files.Native;

/// <summary>The error numbers of Linux that Guardian knows, and the WASI error for each.</summary>
[SupportedOSPlatform("linux")]
internal static class Errno
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int NoSuchDevice = 6;
    public const int TooBig = 7;
    public const int BadDescriptor = 9;
    public const int Again = 11;
    public const int NoMemory = 12;
    public const int Access = 13;
    public const int Fault = 14;
    public const int Busy = 16;
    public const int Exists = 17;
    public const int CrossDevice = 18;
    public const int NoDevice = 19;
    public const int NotDirectory = 20;
    public const int IsDirectory = 21;
    public const int Invalid = 22;
    public const int TooManyOpenInSystem = 23;
    public const int TooManyOpen = 24;
    public const int TextBusy = 26;
    public const int FileTooBig = 27;
    public const int NoSpace = 28;
    public const int IllegalSeek = 29;
    public const int ReadOnly = 30;
    public const int TooManyLinks = 31;
    public const int BrokenPipe = 32;
    public const int NameTooLong = 36;
    public const int NotImplemented = 38;
    public const int NotEmpty = 39;
    public const int Loop = 40;
    public const int Overflow = 75;
    public const int IllegalSequence = 84;
    public const int NotSupported = 95;
    public const int ConnectionAborted = 103;
    public const int ConnectionReset = 104;
    public const int NotConnected = 107;
    public const int TimedOut = 110;
    public const int Stale = 116;
    public const int Quota = 122;

    /// <summary>The number that the last failed call of <see cref="Libc"/> on this thread left.</summary>
    public static int Last => Marshal.GetLastPInvokeError();

    /// <summary>The same as an error of WASI; <see cref="FileError.Io"/> for every number without one.</summary>
    public static FileError LastError => Last switch
    {
        NotPermitted => FileError.NotPermitted,
        NoEntry => FileError.NoEntry,
        Interrupted => FileError.Interrupted,
        NoSuchDevice => FileError.NoSuchDevice,
        TooBig => FileError.TooBig,
        BadDescriptor => FileError.BadDescriptor,
        Again => FileError.Again,
        NoMemory => FileError.NoMemory,
        Access => FileError.Access,
        Fault => FileError.Fault,
        Busy => FileError.Busy,
        Exists => FileError.Exists,
        CrossDevice => FileError.CrossDevice,
        NoDevice => FileError.NoDevice,
        NotDirectory => FileError.NotDirectory,
        IsDirectory => FileError.IsDirectory,
        Invalid => FileError.Invalid,
        TooManyOpenInSystem => FileError.TooManyOpenInSystem,
        TooManyOpen => FileError.TooManyOpen,
        TextBusy => FileError.TextBusy,
        FileTooBig => FileError.FileTooBig,
        NoSpace => FileError.NoSpace,
        IllegalSeek => FileError.IllegalSeek,
        ReadOnly => FileError.ReadOnly,
        TooManyLinks => FileError.TooManyLinks,
        BrokenPipe => FileError.BrokenPipe,
        NameTooLong => FileError.NameTooLong,
        NotImplemented => FileError.NotImplemented,
        NotEmpty => FileError.NotEmpty,
        Loop => FileError.Loop,
        Overflow => FileError.Overflow,
        IllegalSequence => FileError.IllegalSequence,
        NotSupported => FileError.NotSupported,
        ConnectionAborted => FileError.ConnectionAborted,
        ConnectionReset => FileError.ConnectionReset,
        NotConnected => FileError.NotConnected,
        TimedOut => FileError.TimedOut,
        Stale => FileError.Stale,
        Quota => FileError.Quota,
        _ => FileError.Io,
    };

    /// <summary>Whether a number means that a disk has no more space, or that its user may take no more.</summary>
    public static bool IsFull(int number) => number is NoSpace or Quota;

    /// <summary>Whether a signal ended the last failed call, which may then be repeated.</summary>
    public static bool WasInterrupted => Last == Interrupted;

    /// <summary>The error of a call that returns -1 when it fails.</summary>
    public static FileError Check(int result) => result < 0 ? LastError : FileError.Success;
}
