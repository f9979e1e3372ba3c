using Guardian.Files.Durable;
using Microsoft.Win32.SafeHandles;

namespace Guardian.CleanRoom.Client.Sorting;

/// <summary>
/// Stores rows of fixed size in partitions. Rows that exceed the memory spill to an anonymous temporary file, which nobody else can open
/// and which disappears with the program. Reading is thread-safe; appending is not.
/// </summary>
internal sealed class RowSpill : IDisposable
{
    private const int BlockSize = 32 * 1024;

    private readonly int rowSize;
    private readonly int rowsPerBlock;
    private readonly long memory;
    private readonly Func<Memory<byte>, int>? compact;
    private readonly Partition[] partitions;
    private SafeFileHandle? file;
    private long fileSize;
    private long heldSize;

    /// <param name="rowSize">Bytes of a row.</param>
    /// <param name="partitionCount">The number of partitions.</param>
    /// <param name="memory">Bytes of full blocks that stay in memory.</param>
    /// <param name="compact">Joins rows of a full block and returns the number of rows that remain at its beginning; null for rows that
    /// cannot be joined.</param>
    public RowSpill(int rowSize, int partitionCount, long memory, Func<Memory<byte>, int>? compact = null)
    {
        this.rowSize = rowSize;
        this.memory = memory;
        this.compact = compact;
        rowsPerBlock = Math.Max(1, BlockSize / rowSize);
        partitions = [.. Enumerable.Range(0, partitionCount).Select(_ => new Partition())];
    }

    /// <summary>Bytes in the temporary file.</summary>
    public long FileSize => fileSize;

    /// <summary>Reserves one more row of a partition, and returns its bytes.</summary>
    public Span<byte> Append(int partition)
    {
        var target = partitions[partition];
        if (target.Open is null)
        {
            target.Open = new byte[rowsPerBlock * rowSize];
        }
        else if (target.Rows == rowsPerBlock && !TryCompact(target))
        {
            CloseBlock(target);
        }
        return target.Open.AsSpan(target.Rows++ * rowSize, rowSize);
    }

    /// <summary>Counts the rows of a partition.</summary>
    public int CountRows(int partition) => partitions[partition].ClosedRows + partitions[partition].Rows;

    /// <summary>Reads all rows of a partition.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="rows">Receives as many rows as <see cref="CountRows"/> returns.</param>
    public void Read(int partition, Span<byte> rows)
    {
        var source = partitions[partition];
        foreach (var (held, position, count) in source.Closed)
        {
            var target = rows[..(count * rowSize)];
            if (held is not null)
            {
                held.AsSpan(0, target.Length).CopyTo(target);
            }
            else
            {
                ReadFile(target, position);
            }
            rows = rows[target.Length..];
        }
        source.Open.AsSpan(0, rows.Length).CopyTo(rows);
    }

    /// <inheritdoc/>
    public void Dispose() => file?.Dispose();

    // A block that is half empty afterwards takes more rows, so a person with any number of events takes little memory.
    private bool TryCompact(Partition partition)
    {
        partition.Rows = compact?.Invoke(partition.Open) ?? partition.Rows;
        return partition.Rows <= rowsPerBlock / 2;
    }

    private void CloseBlock(Partition partition)
    {
        var (block, rows) = (partition.Open!, partition.Rows);
        partition.ClosedRows += rows;
        partition.Rows = 0;
        if (heldSize + block.Length <= memory)
        {
            heldSize += block.Length;
            partition.Closed.Add((block, 0, rows));
            partition.Open = new byte[block.Length];
            return;
        }
        file ??= CreateFile();
        RandomAccess.Write(file, block, fileSize);
        partition.Closed.Add((null, fileSize, rows));
        fileSize += block.Length;
    }

    private void ReadFile(Span<byte> target, long position)
    {
        while (!target.IsEmpty)
        {
            var read = RandomAccess.Read(file!, target, position);
            if (read == 0)
            {
                throw new EndOfStreamException("the temporary file was cut off");
            }
            target = target[read..];
            position += read;
        }
    }

    // Only its owner can read the file, and it has no name from the start: it disappears with its handle.
    private static SafeFileHandle CreateFile()
    {
        var path = Path.Combine(Path.GetTempPath(), $"guardian-{Path.GetRandomFileName()}");
        var options = DurableFile.OptionsFor(FileMode.CreateNew, FileAccess.ReadWrite);
        options.BufferSize = 0;
        if (OperatingSystem.IsWindows())
        {
            // An open file keeps its name there.
            options.Options = FileOptions.DeleteOnClose;
            return new FileStream(path, options).SafeFileHandle;
        }
        var stream = new FileStream(path, options);
        File.Delete(path);
        return stream.SafeFileHandle;
    }

    private sealed class Partition
    {
        public List<(byte[]? Held, long Position, int Rows)> Closed { get; } = [];

        public int ClosedRows { get; set; }

        public byte[]? Open { get; set; }

        public int Rows { get; set; }
    }
}
