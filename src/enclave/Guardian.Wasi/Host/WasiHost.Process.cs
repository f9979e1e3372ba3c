using System.Diagnostics;
using System.Security.Cryptography;
using Guardian.Files;
using Guardian.Files.Native;

namespace Guardian.Wasi.Host;

/// <summary>Arguments, environment, clocks, random bytes and <c>proc_exit</c>.</summary>
public sealed partial class WasiHost
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    private FileError GetSizes(byte[][] strings, uint countResult, uint sizeResult)
    {
        if (!memory.Contains(countResult, 4) || !memory.Contains(sizeResult, 4))
        {
            return FileError.Fault;
        }
        memory.Write32(countResult, (uint)strings.Length);
        memory.Write32(sizeResult, (uint)strings.Sum(each => each.Length));
        return FileError.Success;
    }

    private FileError GetStrings(byte[][] strings, uint pointers, uint buffer)
    {
        if (!memory.Contains(pointers, 4 * (ulong)strings.Length)
            || !memory.Contains(buffer, (ulong)strings.Sum(each => each.Length)))
        {
            return FileError.Fault;
        }
        foreach (var each in strings)
        {
            memory.Write32(pointers, buffer);
            each.CopyTo(memory[buffer, each.Length]);
            pointers += 4;
            buffer += (uint)each.Length;
        }
        return FileError.Success;
    }

    private FileError ClockResGet(uint clock, uint result)
    {
        if (clock > 3)
        {
            return FileError.Invalid;
        }
        if (!memory.Contains(result, 8))
        {
            return FileError.Fault;
        }
        // The wall clock counts ticks of 100 ns.
        memory.Write64(result, clock == 0 ? 100UL : 1UL);
        return FileError.Success;
    }

    private FileError ClockTimeGet(uint clock, uint result)
    {
        if (!memory.Contains(result, 8))
        {
            return FileError.Fault;
        }
        if (ReadClock(clock) is not { } now)
        {
            return FileError.Invalid;
        }
        memory.Write64(result, now);
        return FileError.Success;
    }

    // Nanoseconds; null for an unknown clock. 0: wall clock, 1: monotonic, 2: CPU time of the process, 3: CPU time of the thread.
    private unsafe ulong? ReadClock(uint clock)
    {
        switch (clock)
        {
            case 0:
                return (ulong)Math.Max(0, (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks) * 100;
            case 1:
                return (ulong)((UInt128)(ulong)time.GetTimestamp() * NanosecondsPerSecond / (ulong)time.TimestampFrequency);
            case 2 or 3:
                Libc.Time spent;
                return Libc.ReadClock((int)clock, &spent) == 0
                    ? ((ulong)spent.Seconds * NanosecondsPerSecond) + (ulong)spent.Nanoseconds
                    : null;
            default:
                return null;
        }
    }

    private FileError RandomGet(uint pointer, uint size)
    {
        if (!memory.Contains(pointer, size))
        {
            return FileError.Fault;
        }
        const uint chunk = 1 << 20;
        for (var done = 0U; done < size;)
        {
            var part = Math.Min(chunk, size - done);
            RandomNumberGenerator.Fill(memory[pointer + done, (int)part]);
            done += part;
        }
        return FileError.Success;
    }

    private static FileError SchedYield()
    {
        Thread.Yield();
        return FileError.Success;
    }

    // Guest sees the code after this call and stops the program.
    private FileError ProcExit(uint code)
    {
        ExitCode = code;
        return FileError.Success;
    }
}
