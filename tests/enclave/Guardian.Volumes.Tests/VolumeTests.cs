using System.Text;
using Guardian.Files;
using Guardian.Refusals;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Tests.Support;

namespace Guardian.Volumes.Tests;

/// <summary>Volumes on a real disk, and properties that the model does not cover.</summary>
public sealed class VolumeTests : IDisposable
{
    private static readonly VolumeOptions NoTimer = new() { CommitInterval = TimeSpan.Zero };
    private readonly TemporaryFolder folder = new();
    private readonly VolumeKey key = VolumeKey.Create();

    private string VolumeFolder => folder.File("v");

    public void Dispose()
    {
        key.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void Written_files_are_there_again_and_only_the_owner_may_read_the_container()
    {
        using (var volume = Volume.Create(VolumeFolder, key))
        {
            Tree.Create(volume.Root, "hello", "world"u8).Dispose();
        }
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(VolumeFolder, "volume")));
        using var again = Volume.Open(VolumeFolder, key);
        using var file = Tree.Open<IFile>(again.Root, "hello");
        Assert.Equal("world"u8.ToArray(), Tree.ReadAll(file));
        Assert.Empty(Reopened().Damages);
        VolumeReport Reopened()
        {
            again.Dispose();
            return Volume.Check(VolumeFolder, key);
        }
    }

    [Fact]
    public void One_process_writes_or_several_read()
    {
        var writer = Volume.Create(VolumeFolder, key);
        Assert.Equal(VolumeReasons.InUse, Assert.Throws<RefusedException>(() => Volume.Open(VolumeFolder, key)).Refusal.Reason);
        var reading = Assert.Throws<RefusedException>(() => Volume.Open(VolumeFolder, key, NoTimer with { ReadOnly = true }));
        Assert.Equal(VolumeReasons.InUse, reading.Refusal.Reason);
        writer.Dispose();
        using var one = Volume.Open(VolumeFolder, key, NoTimer with { ReadOnly = true });
        using var two = Volume.Open(VolumeFolder, key, NoTimer with { ReadOnly = true });
        Assert.Equal(FileError.ReadOnly, two.Root.CreateDirectory("x"));
    }

    [Fact]
    public void A_volume_never_replaces_another_and_other_files_are_not_opened()
    {
        Volume.Create(VolumeFolder, key).Dispose();
        Assert.Equal(VolumeReasons.Exists, Assert.Throws<RefusedException>(() => Volume.Create(VolumeFolder, key)).Refusal.Reason);
        var nowhere = Assert.Throws<RefusedException>(() => Volume.Open(folder.File("nowhere"), key));
        Assert.Equal(VolumeReasons.NotAVolume, nowhere.Refusal.Reason);
        File.WriteAllBytes(Path.Combine(VolumeFolder, "volume"), new byte[10_000]);
        Assert.Equal(VolumeReasons.NotAVolume, Assert.Throws<RefusedException>(() => Volume.Open(VolumeFolder, key)).Refusal.Reason);
    }

    [Fact]
    public void Space_is_used_again_under_years_of_small_transactions()
    {
        using var volume = Volume.Create(VolumeFolder, key, NoTimer);
        var random = new Random(7);
        var page = new byte[4096];
        using var database = Tree.Create(volume.Root, "database", new byte[4096 * 512]);
        Assert.Equal(FileError.Success, volume.Sync());
        long early = 0;
        for (var transaction = 0; transaction < 4_000; transaction++)
        {
            for (var pages = random.Next(1, 4); pages > 0; pages--)
            {
                random.NextBytes(page);
                Tree.WriteAll(database, (ulong)random.Next(512) * 4096, page);
            }
            using (var journal = Tree.Create(volume.Root, "journal", page))
            {
                Assert.Equal(FileError.Success, volume.Root.RemoveFile("journal"));
            }
            Assert.Equal(FileError.Success, database.Sync(dataOnly: true));
            early = transaction == 1_000 ? new FileInfo(Path.Combine(VolumeFolder, "volume")).Length : early;
        }
        var late = new FileInfo(Path.Combine(VolumeFolder, "volume")).Length;
        Assert.True(late <= early && late <= 8 * 1024 * 1024, $"{early} bytes grew to {late}");
    }

    [Fact]
    public void A_long_listing_goes_on_while_names_come_and_go()
    {
        using var volume = Volume.Create(VolumeFolder, key, NoTimer);
        for (var i = 0; i < 3_000; i++)
        {
            Tree.Create(volume.Root, $"file{i}", []).Dispose();
        }
        var seen = new List<string>();
        for (var cookie = 0UL; ;)
        {
            Assert.Equal(FileError.Success, volume.Root.List(cookie, 10, out var some));
            if (some.Count == 0)
            {
                break;
            }
            seen.AddRange(some.Select(entry => entry.Name));
            cookie = some[^1].Next;
            // A listed name goes, and another one comes.
            Assert.Equal(FileError.Success, volume.Root.RemoveFile(some[0].Name));
            if (seen.Count < 1_000)
            {
                Tree.Create(volume.Root, $"new{seen.Count}", []).Dispose();
            }
        }
        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.All(Enumerable.Range(0, 3_000), i => Assert.Contains($"file{i}", seen));
    }

    [Fact]
    public void Names_times_and_sizes_have_their_limits()
    {
        using var volume = Volume.Create(VolumeFolder, key, NoTimer);
        foreach (var name in new[] { "", ".", "..", "a/b", "a\0b" })
        {
            Assert.Equal(FileError.Invalid, volume.Root.CreateDirectory(name));
        }
        Assert.Equal(FileError.NameTooLong, volume.Root.CreateDirectory(new string('ü', 128)));
        Assert.Equal(FileError.IllegalSequence, volume.Root.CreateDirectory("\ud800"));
        Assert.Equal(FileError.NameTooLong, volume.Root.CreateSymbolicLink("l", new string('x', 4096)));
        using var file = Tree.Create(volume.Root, "f", "x"u8);
        Assert.Equal(FileError.FileTooBig, file.SetSize(ulong.MaxValue));
        Assert.Equal(FileError.FileTooBig, file.Write(ulong.MaxValue - 1, [1, 2, 3], out _));
        Assert.Equal(FileError.FileTooBig, file.Allocate(ulong.MaxValue, ulong.MaxValue));
        Assert.Equal(FileError.Success, file.Write(1UL << 43, [7], out _));
        Assert.Equal(FileError.Success, file.SetTimes(1, ulong.MaxValue));
        Assert.Equal(FileError.Success, file.Stat(out var stat));
        Assert.Equal((1UL, ulong.MaxValue, (1UL << 43) + 1), (stat.AccessTime, stat.ModificationTime, stat.Size));
    }

    [Fact]
    public void Rekeying_keeps_all_files_and_the_old_key_opens_nothing()
    {
        using var newKey = VolumeKey.Create();
        string before;
        using (var volume = Volume.Create(VolumeFolder, key, NoTimer))
        {
            var content = new byte[3_000_000];
            new Random(3).NextBytes(content);
            Tree.Create(volume.Root, "large", content).Dispose();
            Assert.Equal(FileError.Success, volume.Root.CreateDirectory("d"));
            Assert.Equal(FileError.Success, volume.Root.CreateSymbolicLink("l", "large"));
            before = Tree.Describe(volume);
        }
        var old = File.ReadAllBytes(Path.Combine(VolumeFolder, "volume"));
        using (var volume = Volume.Open(VolumeFolder, key, NoTimer))
        {
            volume.Rekey(newKey);
        }
        Assert.Equal(VolumeReasons.WrongKey, Assert.Throws<RefusedException>(() => Volume.Open(VolumeFolder, key)).Refusal.Reason);
        using (var volume = Volume.Open(VolumeFolder, newKey, NoTimer with { ReadOnly = true }))
        {
            Assert.Equal(before, Tree.Describe(volume));
        }
        Assert.Empty(Volume.Check(VolumeFolder, newKey).Damages);
        // No record is as before, so the old key and the old container tell nothing about the new one.
        var now = File.ReadAllBytes(Path.Combine(VolumeFolder, "volume"));
        var known = BeginningsOfSlots(old).ToHashSet();
        known.Remove(new string('0', 128));
        Assert.DoesNotContain(BeginningsOfSlots(now), known.Contains);

        static IEnumerable<string> BeginningsOfSlots(byte[] container) =>
            Enumerable.Range(0, container.Length / 4096).Select(slot => Convert.ToHexString(container.AsSpan(slot * 4096, 64)));
    }

    [Fact]
    public void Many_threads_may_use_it()
    {
        using var volume = Volume.Create(VolumeFolder, key, NoTimer with { CommitInterval = TimeSpan.FromMilliseconds(5), CacheSize = 0 });
        Parallel.For(0, 8, thread =>
        {
            Assert.Equal(FileError.Success, volume.Root.CreateDirectory($"d{thread}"));
            using var mine = Tree.Open<IDirectory>(volume.Root, $"d{thread}");
            for (var i = 0; i < 30; i++)
            {
                var content = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat($"{thread}/{i} ", 10_000)));
                using var file = Tree.Create(mine, $"f{i}", content);
                Assert.Equal(content, Tree.ReadAll(file));
            }
        });
        volume.Dispose();
        var report = Volume.Check(VolumeFolder, key);
        Assert.Empty(report.Damages);
        Assert.Equal(240, report.Files);
    }

    [Fact]
    public void Its_timer_starts_only_when_no_work_without_a_lock_is_left()
    {
        using var disk = new SimulatedDisk(new Random(1));
        var time = new WatchedTime(() => (disk.Operations, disk.Reads));
        var options = new VolumeOptions { Time = time };
        using (var made = Volume.Create(disk, key, options))
        {
            Assert.Equal((disk.Operations, disk.Reads), time.AtStart);
            Tree.Create(made.Root, "file", new byte[100_000]).Dispose();
        }
        using var opened = Volume.Open(disk, key, options);
        Assert.Equal((disk.Operations, disk.Reads), time.AtStart);
    }

    [Fact]
    public void A_key_file_holds_a_key_and_nothing_else()
    {
        key.Save(folder.File("k"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.File("k")));
        using (var read = VolumeKey.Load(folder.File("k")))
        {
            Volume.Create(VolumeFolder, key).Dispose();
            Volume.Open(VolumeFolder, read).Dispose();
        }
        foreach (var wrong in new[] { "", "00", new string('0', 63), new string('g', 64), new string('0', 5_000) })
        {
            Assert.Throws<InvalidDataException>(() => VolumeKey.Load(folder.Write("wrong", wrong)));
        }
    }

    // Records how far a volume is when it starts its timer.
    private sealed class WatchedTime(Func<(int, int)> look) : TimeProvider
    {
        public (int, int) AtStart { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            AtStart = look();
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
