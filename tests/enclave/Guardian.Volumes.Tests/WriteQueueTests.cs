using Guardian.Files;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Format;
using Guardian.Volumes.Storage;
using Guardian.Volumes.Tests.Support;

namespace Guardian.Volumes.Tests;

/// <summary>Writes on another thread: they keep their order, and none is lost when the storage fails for a while.</summary>
public sealed class WriteQueueTests
{
    private const int PieceCount = 40;

    [Fact]
    public void The_last_of_many_writes_to_one_place_stays()
    {
        using var disk = new SimulatedDisk(new Random(1));
        using var queue = new WriteQueue(disk);
        for (var i = 1; i <= PieceCount; i++)
        {
            Add(queue, 0, (byte)i);
        }
        queue.Drain();
        Assert.Equal(PieceCount, Assert.Single(disk.Bytes.Distinct()));
        Assert.Equal(PieceCount, disk.Operations);
    }

    [Fact]
    public void A_write_that_the_storage_refused_is_retried_before_later_ones()
    {
        using var disk = new SimulatedDisk(new Random(1));
        using var queue = new WriteQueue(disk);
        (disk.FailAt, disk.FailsOnce) = (1, true);
        Add(queue, 0, 1);
        SpinWait.SpinUntil(() => disk.Operations > 0);
        Add(queue, 0, 2);
        Add(queue, Page.Size, 3);
        queue.Drain();
        Assert.Equal([2, 3], disk.Bytes.Chunk(Page.Size).Select(page => Assert.Single(page.Distinct())));
    }

    [Fact]
    public void A_caller_that_needs_a_write_gets_its_failure_and_others_go_on()
    {
        using var disk = new SimulatedDisk(new Random(1)) { FailAt = 1 };
        using var queue = new WriteQueue(disk);
        Add(queue, 0, 1);
        Add(queue, 0, 2);
        var content = new byte[Page.Size / 2];
        queue.Read(Page.Size / 2, content);
        Assert.Equal(2, Assert.Single(content.Distinct()));
        Assert.Throws<IOException>(queue.Drain);
        // The queue takes a few more buffers; then it needs the memory of the failed ones.
        Assert.Throws<IOException>(() =>
        {
            for (var i = 0; i < PieceCount; i++)
            {
                Add(queue, i * Page.Size, 3);
            }
        });
        Assert.True(disk.Operations > 1);
    }

    [Fact]
    public void A_record_is_read_from_the_last_write_to_its_slots_wherever_earlier_ones_began()
    {
        using var disk = new SimulatedDisk(new Random(1)) { FailAt = 1 };
        using var queue = new WriteQueue(disk);
        var whole = queue.RentBuffer();
        whole.AsSpan().Fill(1);
        queue.Enqueue(0, whole, whole.Length);
        var record = queue.RentBuffer();
        record.AsSpan().Fill(2);
        // The record begins in the last slot of the buffer before.
        queue.Enqueue(whole.Length - Page.Size, record, Page.ChunkSize);
        var content = new byte[Page.ChunkSize];
        queue.Read(whole.Length - Page.Size, content);
        Assert.Equal(2, Assert.Single(content.Distinct()));
        queue.Read(0, content);
        Assert.Equal(1, Assert.Single(content.Distinct()));
    }

    [Fact]
    public void A_volume_reads_changes_that_its_full_disk_refused_and_a_later_commit_writes_them()
    {
        using var disk = new SimulatedDisk(new Random(1));
        using var key = VolumeKey.Create();
        var options = new VolumeOptions { CommitInterval = TimeSpan.Zero };
        using (var volume = Volume.Create(disk, key, options))
        {
            using var file = Tree.Create(volume.Root, "file", [1]);
            Assert.Equal(FileError.Success, volume.Sync());
            var content = new byte[Page.ChunkSize];
            content.AsSpan().Fill(7);
            disk.IsFull = true;
            Assert.Equal(FileError.Success, file.Write(0, content, out _));
            Assert.Equal(content, Tree.ReadAll(file));
            Assert.Equal(FileError.NoSpace, volume.Sync());
            Assert.Equal(FileError.NoSpace, volume.Sync());
            disk.IsFull = false;
            Assert.Equal(content, Tree.ReadAll(file));
            Assert.Equal(FileError.Success, volume.Sync());
        }
        Assert.Empty(Volume.Check(disk, key, options).Damages);
        using var again = Volume.Open(disk, key, options);
        using var found = Tree.Open<IFile>(again.Root, "file");
        Assert.Equal(7, Assert.Single(Tree.ReadAll(found).Distinct()));
    }

    private static void Add(WriteQueue queue, long offset, byte value)
    {
        var buffer = queue.RentBuffer();
        buffer.AsSpan(0, Page.Size).Fill(value);
        queue.Enqueue(offset, buffer, Page.Size);
    }
}
