using Guardian.Files;
using Guardian.Wasi.Host;

namespace Guardian.Wasi.Pure;

/// <summary>
/// The calls of WASI preview 1 for a program that only reads its input and writes its output. Every other call fails with <c>nosys</c>, so
/// that programs of ordinary compilers can be loaded.
/// </summary>
internal sealed class PureHost
{
    private const uint Input = 0;
    private const uint Output = 1;
    private const uint Errors = 2;

    // Fuel does not count the work of a call, so a run has few of them, of few buffers.
    private const uint MaxBuffers = 16;
    private const int MaxCalls = 256;

    private byte[] input = [];
    private byte[] output = [];
    private int inputSize;
    private int inputPosition;
    private int outputSize;
    private int outputPosition;
    private bool isTooLong;
    private int calls;

    /// <summary>The code that the program passed to <c>proc_exit</c>; null before that call.</summary>
    public uint? ExitCode { get; private set; }

    /// <summary>Whether the program wrote exactly its output.</summary>
    public bool IsComplete => !isTooLong && outputPosition == outputSize;

    /// <summary>Begins a run.</summary>
    public void Begin(ReadOnlySpan<byte> bytes, int size)
    {
        if (input.Length < bytes.Length)
        {
            input = new byte[bytes.Length];
        }
        if (output.Length < size)
        {
            output = new byte[size];
        }
        bytes.CopyTo(input);
        (inputSize, inputPosition, outputSize, outputPosition) = (bytes.Length, 0, size, 0);
        (isTooLong, calls, ExitCode) = (false, 0, null);
    }

    /// <summary>Ends a run: copies the output, or clears it.</summary>
    public void End(bool isDone, Span<byte> target)
    {
        target.Clear();
        if (isDone)
        {
            output.AsSpan(0, outputSize).CopyTo(target);
        }
    }

    /// <summary>Makes one call.</summary>
    public FileError Call(string name, GuestMemory memory, CallArguments values)
    {
        if (++calls > MaxCalls)
        {
            ExitCode = uint.MaxValue;
            return FileError.Success;
        }
        switch (name)
        {
            case "fd_read":
                return Transfer(memory, values, values[0] == Input, isRead: true);
            case "fd_write":
                return Transfer(memory, values, values[0] is Output or Errors, isRead: false);
            case "args_sizes_get" or "environ_sizes_get":
                return WriteZeros(memory, values[0], 4) is FileError.Success ? WriteZeros(memory, values[1], 4) : FileError.Fault;
            case "args_get" or "environ_get" or "sched_yield":
                return FileError.Success;
            case "fd_close":
                return values[0] <= Errors ? FileError.Success : FileError.BadDescriptor;
            case "fd_fdstat_get":
                return values[0] <= Errors ? DescribeStream(memory, values[1]) : FileError.BadDescriptor;
            case "fd_seek" or "fd_tell":
                return values[0] <= Errors ? FileError.IllegalSeek : FileError.BadDescriptor;
            case "fd_prestat_get" or "fd_prestat_dir_name":
                return FileError.BadDescriptor;
            case "proc_exit":
                ExitCode = values[0];
                return FileError.Success;
            default:
                return FileError.NotImplemented;
        }
    }

    // A stream: type 2 (character device), no flags, all rights, as WASI's libraries expect of a terminal or a pipe.
    private static FileError DescribeStream(GuestMemory memory, uint pointer)
    {
        const int size = 24;
        const byte characterDevice = 2;
        if (!memory.TrySlice(pointer, size, out var stat))
        {
            return FileError.Fault;
        }
        stat.Clear();
        stat[0] = characterDevice;
        stat[8..].Fill(byte.MaxValue);
        return FileError.Success;
    }

    private static FileError WriteZeros(GuestMemory memory, uint pointer, uint size)
    {
        if (!memory.TrySlice(pointer, size, out var bytes))
        {
            return FileError.Fault;
        }
        bytes.Clear();
        return FileError.Success;
    }

    // (descriptor, buffers, count, result): each buffer is a pointer and a size.
    private FileError Transfer(GuestMemory memory, CallArguments values, bool isOpen, bool isRead)
    {
        var (buffers, count, result) = (values[1], values[2], values[3]);
        if (!isOpen)
        {
            return FileError.BadDescriptor;
        }
        if (count > MaxBuffers)
        {
            return FileError.Invalid;
        }
        if (!memory.Contains(buffers, 8UL * count) || !memory.Contains(result, 4))
        {
            return FileError.Fault;
        }
        var total = 0UL;
        for (var i = 0U; i < count; i++)
        {
            if (!memory.TrySlice(memory.Read32(buffers + (8 * i)), memory.Read32(buffers + (8 * i) + 4), out var bytes))
            {
                return FileError.Fault;
            }
            total += isRead ? Read(bytes) : values[0] == Output ? Write(bytes) : (uint)bytes.Length;
        }
        memory.Write32(result, (uint)Math.Min(total, uint.MaxValue));
        return FileError.Success;
    }

    private uint Read(Span<byte> bytes)
    {
        var size = Math.Min(bytes.Length, inputSize - inputPosition);
        input.AsSpan(inputPosition, size).CopyTo(bytes);
        inputPosition += size;
        return (uint)size;
    }

    // Too much is taken and forgotten: a program must not learn the limit by trying, and the whole output is invalid then.
    private uint Write(ReadOnlySpan<byte> bytes)
    {
        isTooLong |= bytes.Length > outputSize - outputPosition;
        if (!isTooLong)
        {
            bytes.CopyTo(output.AsSpan(outputPosition));
            outputPosition += bytes.Length;
        }
        return (uint)bytes.Length;
    }
}
