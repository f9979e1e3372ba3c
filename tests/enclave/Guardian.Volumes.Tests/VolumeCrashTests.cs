using Guardian.Files;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Format;
using Guardian.Volumes.Tests.Support;

namespace Guardian.Volumes.Tests;

/// <summary>After a crash anywhere, a volume is at its last acknowledged state, or at the state that was being committed; never at a
/// third.</summary>
public sealed class VolumeCrashTests : IDisposable
{
    private static readonly VolumeOptions NoTimer = new() { CommitInterval = TimeSpan.Zero, CacheSize = 0 };
    private readonly VolumeKey key = VolumeKey.Create();

    public void Dispose() => key.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Power_loss_at_every_operation_gives_the_old_state_or_the_new_one(int seed)
    {
        for (var failAt = 1; ; failAt++)
        {
            var random = new Random(seed);
            using var disk = new SimulatedDisk(new Random((seed * 1_000) + failAt));
            using var volume = Volume.Create(disk, key, NoTimer);
            disk.FailAt = disk.Operations + failAt;
            var (acknowledged, attempted) = RunUntilDead(random, volume, disk);
            if (!disk.IsDead)
            {
                Assert.True(failAt > 50);
                return;
            }
            using var survivor = disk.Crash();
            using var again = Volume.Open(survivor, key, NoTimer);
            var found = Tree.Describe(again);
            var isOneOfTwo = found == acknowledged || found == attempted;
            Assert.True(isOneOfTwo, $"seed {seed}, operation {failAt}: neither the old state nor the new one");
            // The volume takes changes again.
            Tree.Create(again.Root, "after the crash", [1, 2, 3]).Dispose();
            Assert.Equal(FileError.Success, again.Sync());
        }
    }

    [Fact]
    public void An_end_between_the_two_copies_of_the_last_superblock_is_no_damage_and_an_older_one_is()
    {
        using var disk = new SimulatedDisk(new Random(1));
        byte[] open;
        using (var volume = Volume.Create(disk, key, NoTimer))
        {
            Tree.Create(volume.Root, "file", [1, 2, 3]).Dispose();
            Assert.Equal(FileError.Success, volume.Sync());
            open = [.. disk.Bytes];
        }
        Assert.Empty(Volume.Check(disk, key, NoTimer).Damages);
        byte[] closed = [.. disk.Bytes];
        // The slots hold the last two states before it was closed. Closing overwrites the older one first.
        var damages = new List<int>();
        for (var slot = 0; slot < Superblock.Count; slot++)
        {
            disk.Bytes = [.. closed];
            open.AsSpan(slot * Page.Size, Page.Size).CopyTo(disk.Bytes.AsSpan(slot * Page.Size));
            damages.Add(Volume.Check(disk, key, NoTimer).Damages.Count);
        }
        Assert.Equal([0, 1], damages.Order());
    }

    [Fact]
    public void Power_loss_while_a_file_is_written_over_and_over_never_touches_the_acknowledged_content()
    {
        const int size = 256 * 1024;
        for (var failAt = 1; ; failAt++)
        {
            using var disk = new SimulatedDisk(new Random(failAt));
            using var volume = Volume.Create(disk, key, NoTimer);
            using var file = Tree.Create(volume.Root, "database", new byte[size]);
            Assert.Equal(FileError.Success, volume.Sync());
            disk.FailAt = disk.Operations + failAt;
            var acknowledged = 0;
            for (var version = 1; version <= 3 && !disk.IsDead; version++)
            {
                // Far more is written between two commits than the container has free slots.
                for (var times = 0; times < 12; times++)
                {
                    file.Write(0, Filled(size, times < 11 ? (byte)(100 + times) : (byte)version), out _);
                }
                acknowledged = !disk.IsDead && volume.Sync() == FileError.Success ? version : acknowledged;
            }
            if (!disk.IsDead)
            {
                Assert.True(failAt > 40);
                return;
            }
            using var survivor = disk.Crash();
            using var again = Volume.Open(survivor, key, NoTimer);
            using var found = Tree.Open<IFile>(again.Root, "database");
            Assert.InRange(Assert.Single(Tree.ReadAll(found).Distinct()), acknowledged, acknowledged + 1);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Power_loss_while_a_volume_closes_that_has_become_shorter_loses_nothing(bool isRemovalSynced)
    {
        var died = 0;
        for (var run = 0; run < 80; run++)
        {
            using var disk = new SimulatedDisk(new Random(run));
            using var volume = Volume.Create(disk, key, NoTimer);
            Tree.Create(volume.Root, "kept", [1, 2, 3]).Dispose();
            Tree.Create(volume.Root, "large", new byte[2_200_000]).Dispose();
            Assert.Equal(FileError.Success, volume.Sync());
            var before = Tree.Describe(volume);
            Assert.Equal(FileError.Success, volume.Root.RemoveFile("large"));
            var after = Tree.Describe(volume);
            if (isRemovalSynced)
            {
                Assert.Equal(FileError.Success, volume.Sync());
                before = after;
            }
            disk.FailAt = disk.Operations + 1 + (run % 20);
            volume.Dispose();
            died += disk.IsDead ? 1 : 0;
            using var survivor = disk.Crash();
            using var again = Volume.Open(survivor, key, NoTimer);
            var found = Tree.Describe(again);
            Assert.True(found == before || found == after, $"run {run}: neither the old state nor the new one");
        }
        Assert.True(died > 20);
    }

    private static byte[] Filled(int size, byte value)
    {
        var bytes = new byte[size];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    private static (string Acknowledged, string Attempted) RunUntilDead(Random random, Volume volume, SimulatedDisk disk)
    {
        var actor = new Actor(random);
        using var memory = new MemoryFiles();
        var acknowledged = Tree.Describe(memory);
        for (var round = 0; round < 16; round++)
        {
            for (var step = 0; step < 10; step++)
            {
                try
                {
                    actor.Act(volume, memory);
                }
                catch (Xunit.Sdk.XunitException) when (disk.IsDead)
                {
                    return (acknowledged, acknowledged);
                }
            }
            if (disk.IsDead)
            {
                return (acknowledged, acknowledged);
            }
            var attempted = Tree.Describe(memory);
            if (volume.Sync() != FileError.Success)
            {
                return (acknowledged, attempted);
            }
            acknowledged = attempted;
        }
        return (acknowledged, acknowledged);
    }
}
