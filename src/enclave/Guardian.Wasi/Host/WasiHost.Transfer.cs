using Guardian.Files;
using Guardian.Wasi.Descriptors;
using Guardian.Wasi.Streams;

namespace Guardian.Wasi.Host;

/// <summary>Reading and writing.</summary>
public sealed partial class WasiHost
{
    // POSIX's IOV_MAX. Bounds the work of one call, which cannot be interrupted.
    private const uint MaxVectors = 1024;
    private const uint VectorSize = 8;

    private FileError FdRead(uint number, uint vectors, uint count, uint result)
    {
        var error = Find<Descriptor>(number, Rights.FdRead, FileError.BadDescriptor, out var found);
        return error != FileError.Success ? error : found switch
        {
            FileDescriptor file => ReadFile(file, vectors, count, file.Position, isPositioned: false, result),
            StreamDescriptor stream => Receive(stream, vectors, count, isPeeking: false, waitsForAll: false, result),
            _ => FileError.BadDescriptor,
        };
    }

    private FileError FdPread(uint number, uint vectors, uint count, ulong offset, uint result)
    {
        var error = FindPositioned(number, Rights.FdRead | Rights.FdSeek, out var found);
        return error != FileError.Success ? error : ReadFile(found!, vectors, count, offset, isPositioned: true, result);
    }

    private FileError FdWrite(uint number, uint vectors, uint count, uint result)
    {
        var error = Find<Descriptor>(number, Rights.FdWrite, FileError.BadDescriptor, out var found);
        return error != FileError.Success ? error : found switch
        {
            FileDescriptor file => WriteFile(file, vectors, count, file.Position, isPositioned: false, result),
            StreamDescriptor stream => Send(stream, vectors, count, result),
            _ => FileError.BadDescriptor,
        };
    }

    // The given offset counts, also if the descriptor appends.
    private FileError FdPwrite(uint number, uint vectors, uint count, ulong offset, uint result)
    {
        var error = FindPositioned(number, Rights.FdWrite | Rights.FdSeek, out var found);
        return error != FileError.Success ? error : WriteFile(found!, vectors, count, offset, isPositioned: true, result);
    }

    private FileError FdSeek(uint number, long offset, uint whence, uint result)
    {
        // The right to seek includes the right to tell, and the right to tell includes a seek to the present position.
        var isTelling = offset == 0 && whence == 1;
        var error = FindPositioned(number, isTelling ? Rights.None : Rights.FdSeek, out var found);
        if (error != FileError.Success || (found!.Base & (Rights.FdSeek | Rights.FdTell)) == 0)
        {
            return error != FileError.Success ? error : FileError.NotCapable;
        }
        if (whence > 2)
        {
            return FileError.Invalid;
        }
        if (!memory.Contains(result, 8))
        {
            return FileError.Fault;
        }
        FileStat stat = default;
        if (whence == 2 && (error = found.File.Stat(out stat)) != FileError.Success)
        {
            return error;
        }
        var from = whence switch { 0 => 0UL, 1 => found.Position, _ => stat.Size };
        var to = (Int128)from + offset;
        if (to < 0 || to > long.MaxValue)
        {
            return FileError.Invalid;
        }
        found.Position = (ulong)to;
        memory.Write64(result, found.Position);
        return FileError.Success;
    }

    private FileError FdTell(uint number, uint result) => FdSeek(number, 0, 1, result);

    // Streams have no position.
    private FileError FindPositioned(uint number, Rights rights, out FileDescriptor? found)
    {
        found = null;
        return descriptors.TryGet(number, out var other) && other is StreamDescriptor or ListenerDescriptor
            ? FileError.IllegalSeek
            : Find(number, rights, FileError.BadDescriptor, out found);
    }

    private FileError ReadFile(FileDescriptor descriptor, uint vectors, uint count, ulong offset, bool isPositioned, uint result)
    {
        var error = CheckVectors(vectors, count, result);
        var total = 0U;
        for (var i = 0U; error == FileError.Success && i < count; i++)
        {
            var buffer = ReadVector(vectors, i);
            error = descriptor.File.Read(offset, buffer, out var read);
            total += (uint)read;
            offset += (uint)read;
            if (read < buffer.Length)
            {
                break;
            }
        }
        return WriteCount(error, total, result, isPositioned ? null : descriptor, offset);
    }

    private FileError WriteFile(FileDescriptor descriptor, uint vectors, uint count, ulong offset, bool isPositioned, uint result)
    {
        var error = CheckVectors(vectors, count, result);
        var total = 0U;
        for (var i = 0U; error == FileError.Success && i < count; i++)
        {
            var data = ReadVector(vectors, i);
            int written;
            if (data.IsEmpty)
            {
                continue;
            }
            if (!isPositioned && descriptor.Flags.HasFlag(FdFlags.Append))
            {
                error = descriptor.File.Append(data, out written, out var end);
                offset = written > 0 ? end : offset;
            }
            else
            {
                error = descriptor.File.Write(offset, data, out written);
                offset += (uint)written;
            }
            total += (uint)written;
            if (written < data.Length)
            {
                break;
            }
        }
        if (total > 0 && (descriptor.Flags & (FdFlags.Sync | FdFlags.Dsync)) != 0)
        {
            // Only durable data counts as written.
            error = descriptor.File.Sync(!descriptor.Flags.HasFlag(FdFlags.Sync));
            total = error == FileError.Success ? total : 0;
        }
        return WriteCount(error, total, result, isPositioned ? null : descriptor, offset);
    }

    private FileError Receive(StreamDescriptor descriptor, uint vectors, uint count, bool isPeeking, bool waitsForAll, uint result)
    {
        var error = CheckVectors(vectors, count, result);
        var total = 0U;
        for (var i = 0U; error == FileError.Success && i < count; i++)
        {
            for (var buffer = ReadVector(vectors, i); error == FileError.Success && !buffer.IsEmpty;)
            {
                int read;
                error = isPeeking
                    ? ((IGuestSocket)descriptor.Stream).Peek(buffer, out read)
                    : descriptor.Stream.Read(buffer, out read);
                total += (uint)read;
                buffer = buffer[read..];
                if (error == FileError.Again && (total == 0 || waitsForAll) && !descriptor.Flags.HasFlag(FdFlags.Nonblock))
                {
                    error = WaitUntilReady(descriptor.Stream.ReadReadiness());
                    continue;
                }
                // Stop at the end of the stream, after a partial read, or after one peek.
                if (isPeeking || (error == FileError.Success && (read == 0 || !waitsForAll)))
                {
                    return WriteCount(error, total, result);
                }
            }
        }
        return WriteCount(error, total, result);
    }

    private FileError Send(StreamDescriptor descriptor, uint vectors, uint count, uint result)
    {
        var error = CheckVectors(vectors, count, result);
        var total = 0U;
        for (var i = 0U; error == FileError.Success && i < count; i++)
        {
            for (ReadOnlySpan<byte> data = ReadVector(vectors, i); error == FileError.Success && !data.IsEmpty;)
            {
                error = descriptor.Stream.Write(data, out var written);
                total += (uint)written;
                data = data[written..];
                if (error == FileError.Again && !descriptor.Flags.HasFlag(FdFlags.Nonblock))
                {
                    error = WaitUntilReady(descriptor.Stream.WriteReadiness());
                }
            }
        }
        return WriteCount(error, total, result);
    }

    private FileError WaitUntilReady(Readiness readiness) => readiness.IsReady ? FileError.Success : waiter.Wait(readiness);

    // iovec: address 4 | size 4. All vectors are checked before any data moves.
    private FileError CheckVectors(uint vectors, uint count, uint result)
    {
        if (count > MaxVectors)
        {
            return FileError.Invalid;
        }
        if (!memory.Contains(vectors, (ulong)count * VectorSize) || !memory.Contains(result, 4))
        {
            return FileError.Fault;
        }
        var total = 0UL;
        for (var i = 0U; i < count; i++)
        {
            var size = memory.Read32(vectors + (i * VectorSize) + 4);
            total += size;
            if (!memory.Contains(memory.Read32(vectors + (i * VectorSize)), size))
            {
                return FileError.Fault;
            }
        }
        return total > uint.MaxValue ? FileError.Invalid : FileError.Success;
    }

    // The data may have overwritten the list of vectors itself, so the slice checks each vector again. A size beyond the largest span is
    // cut, which gives a short transfer.
    private Span<byte> ReadVector(uint vectors, uint index)
    {
        var pointer = memory.Read32(vectors + (index * VectorSize));
        var size = memory.Read32(vectors + (index * VectorSize) + 4);
        return memory.TrySlice(pointer, Math.Min(size, int.MaxValue), out var slice) ? slice : default;
    }

    // Writes the number of transferred bytes. If there are any, the call succeeds, and the next call reports the error.
    private FileError WriteCount(FileError error, uint total, uint result, FileDescriptor? moved = null, ulong position = 0)
    {
        if (error != FileError.Success && total == 0)
        {
            return error;
        }
        if (moved is not null)
        {
            moved.Position = position;
        }
        memory.Write32(result, total);
        return FileError.Success;
    }
}
