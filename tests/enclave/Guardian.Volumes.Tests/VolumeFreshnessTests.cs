using Guardian.Files;
using Guardian.Refusals;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Tests.Support;

namespace Guardian.Volumes.Tests;

/// <summary>An older state is refused, however authentic it is.</summary>
public sealed class VolumeFreshnessTests : IDisposable
{
    private readonly VolumeKey key = VolumeKey.Create();
    private readonly Keeper keeper = new();
    private readonly SimulatedDisk disk = new(new Random(1));

    private VolumeOptions Strict => new() { CommitInterval = TimeSpan.Zero, CacheSize = 0, Freshness = keeper };

    private VolumeOptions Interval => Strict with { FreshnessMode = FreshnessMode.Interval, FreshnessInterval = TimeSpan.FromDays(1) };

    private VolumeOptions Ephemeral => Strict with { Freshness = null };

    public void Dispose()
    {
        key.Dispose();
        disk.Dispose();
    }

    [Fact]
    public void Strict_refuses_every_state_but_the_newest()
    {
        var states = new List<byte[]>();
        using (var volume = Volume.Create(disk, key, Strict))
        {
            for (var version = 0; version < 4; version++)
            {
                Write(volume, version);
                states.Add([.. disk.Bytes]);
            }
        }
        foreach (var state in states)
        {
            using var old = new SimulatedDisk(new Random(1)) { Bytes = state };
            Assert.Equal(VolumeReasons.RolledBack, Assert.Throws<RefusedException>(() => Volume.Open(old, key, Strict)).Refusal.Reason);
            Assert.Equal(VolumeReasons.RolledBack, Assert.Throws<RefusedException>(() => Volume.Check(old, key, Strict)).Refusal.Reason);
            // Without a tag an older state opens: that is what the mode gives up.
            using var accepted = Volume.Open(old, key, Ephemeral with { ReadOnly = true });
        }
        using var newest = Volume.Open(disk, key, Strict);
        Assert.Equal(3, Read(newest));
    }

    [Fact]
    public void Strict_refuses_another_volume_of_the_same_key()
    {
        Volume.Create(disk, key, Strict).Dispose();
        using var other = new SimulatedDisk(new Random(2));
        Volume.Create(other, key, Ephemeral).Dispose();
        Assert.Equal(VolumeReasons.RolledBack, Assert.Throws<RefusedException>(() => Volume.Open(other, key, Strict)).Refusal.Reason);
    }

    [Fact]
    public void A_commit_that_the_keeper_does_not_answer_is_not_acknowledged_and_is_offered_again()
    {
        using var volume = Volume.Create(disk, key, Strict);
        Write(volume, 1);
        foreach (var arrives in new[] { false, true })
        {
            keeper.Fails = true;
            keeper.ArrivesAllTheSame = arrives;
            Change(volume, 2);
            Assert.Equal(FileError.Io, volume.Sync());
            Assert.Equal(FileError.Io, volume.Sync());

            // After a crash here, only the state that the keeper knows opens.
            using (var crashed = Volume.Open(disk.Copy(), key, Strict with { ReadOnly = true }))
            {
                Assert.Equal(arrives ? 2 : 1, Read(crashed));
            }
            keeper.Fails = false;
            Assert.Equal(FileError.Success, volume.Sync());
            Write(volume, 1);
        }
    }

    [Fact]
    public void A_closed_volume_with_a_later_superblock_that_nobody_acknowledged_has_no_damage()
    {
        using (var volume = Volume.Create(disk, key, Strict))
        {
            Write(volume, 1);
        }
        SimulatedDisk crashed;
        using (var volume = Volume.Open(disk, key, Strict))
        {
            keeper.Fails = true;
            Change(volume, 2);
            Assert.Equal(FileError.Io, volume.Sync());
            crashed = disk.Copy();
        }
        using (crashed)
        {
            keeper.Fails = false;
            var report = Volume.Check(crashed, key, Strict);
            Assert.True(report.IsClosed);
            Assert.Empty(report.Damages);
        }
    }

    [Fact]
    public void A_second_writer_on_a_copy_stops_the_first()
    {
        using var first = Volume.Create(disk, key, Strict);
        Write(first, 1);
        using var copy = disk.Copy();
        using (var second = Volume.Open(copy, key, Strict))
        {
            Write(second, 2);
        }
        Change(first, 3);
        Assert.Equal(FileError.Io, first.Sync());
        Assert.Equal(FileError.Io, first.Root.CreateDirectory("later"));
    }

    [Fact]
    public void Interval_accepts_what_descends_from_the_kept_state_and_nothing_older()
    {
        using var volume = Volume.Create(disk, key, Interval);
        Write(volume, 1);
        var before = disk.Copy();
        // The interval ends only when the volume closes. Until then the keeper has the first state.
        for (var version = 2; version < 6; version++)
        {
            Write(volume, version);
            using var crashed = Volume.Open(disk.Copy(), key, Interval with { ReadOnly = true });
            Assert.Equal(version, Read(crashed));
        }
        volume.Dispose();
        Assert.Equal(VolumeReasons.RolledBack, Assert.Throws<RefusedException>(() => Volume.Open(before, key, Interval)).Refusal.Reason);
        using var again = Volume.Open(disk, key, Interval);
        Assert.Equal(5, Read(again));
    }

    [Fact]
    public void The_first_opening_sets_the_tag()
    {
        Volume.Create(disk, key, Ephemeral).Dispose();
        var old = disk.Copy();
        using (var volume = Volume.Open(disk, key, Strict))
        {
            Assert.NotNull(keeper.Tag);
            Write(volume, 1);
        }
        Assert.Equal(VolumeReasons.RolledBack, Assert.Throws<RefusedException>(() => Volume.Open(old, key, Strict)).Refusal.Reason);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_crash_anywhere_leaves_a_volume_that_the_kept_tag_opens(int seed)
    {
        for (var failAt = 1; ; failAt++)
        {
            var crashing = new SimulatedDisk(new Random((seed * 1_000) + failAt));
            keeper.Tag = null;
            var volume = Volume.Create(crashing, key, Strict);
            Write(volume, 0);
            crashing.FailAt = crashing.Operations + failAt;
            var acknowledged = 0;
            for (var version = 1; version < 8 && !crashing.IsDead; version++)
            {
                try
                {
                    Change(volume, version);
                }
                catch (Xunit.Sdk.XunitException) when (crashing.IsDead)
                {
                    break;
                }
                acknowledged = volume.Sync() == FileError.Success ? version : acknowledged;
            }
            volume.Dispose();
            if (!crashing.IsDead)
            {
                Assert.True(failAt > 30);
                return;
            }
            using var survivor = crashing.Crash();
            using var again = Volume.Open(survivor, key, Strict);
            Assert.InRange(Read(again), acknowledged, acknowledged + 1);
        }
    }

    [Fact]
    public void A_tag_in_a_file_survives_and_is_strict_about_what_it_reads()
    {
        using var folder = new TemporaryFolder();
        var file = new FileFreshness(folder.File("tag"));
        var tag = new FreshnessTag(7, new string('a', 48));
        Assert.Null(file.Read());
        Assert.False(file.TryReplace(tag, tag));
        Assert.True(file.TryReplace(null, tag));
        Assert.Equal(tag, new FileFreshness(folder.File("tag")).Read());
        foreach (var wrong in new[] { "", "7", $"-7 {tag.Digest}", $"7 {tag.Digest}0", $"7 {tag.Digest[1..]}G", new string('1', 5_000) })
        {
            folder.Write("tag", wrong);
            Assert.Throws<IOException>(() => file.Read());
        }
    }

    private static void Write(Volume volume, int version)
    {
        Change(volume, version);
        Assert.Equal(FileError.Success, volume.Sync());
    }

    private static void Change(Volume volume, int version)
    {
        if (volume.Root.CreateFile("version", out var file) != FileError.Success)
        {
            file = Tree.Open<IFile>(volume.Root, "version");
        }
        Tree.WriteAll(file!, 0, [(byte)version, .. new byte[20_000]]);
        file!.Dispose();
    }

    private static int Read(Volume volume)
    {
        using var file = Tree.Open<IFile>(volume.Root, "version");
        return Tree.ReadAll(file)[0];
    }

    /// <summary>Keeps a tag in memory, and can lose a request or an answer.</summary>
    private sealed class Keeper : IFreshness
    {
        public FreshnessTag? Tag { get; set; }

        public bool Fails { get; set; }

        public bool ArrivesAllTheSame { get; set; }

        public FreshnessTag? Read() => Tag;

        public bool TryReplace(FreshnessTag? expected, FreshnessTag next)
        {
            var isExpected = Tag == expected;
            if (isExpected && (!Fails || ArrivesAllTheSame))
            {
                Tag = next;
            }
            return Fails ? throw new IOException("simulated: no answer") : isExpected;
        }
    }
}
