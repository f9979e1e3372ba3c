using System.Security.Cryptography;
using Guardian.Cas.Client.Protocol;
using Guardian.Premain;
using Guardian.Refusals;

namespace Guardian.Runtime.Tests.Premain;

/// <summary>
/// The volumes of native programs, with a stand-in for Gramine's encryption: a mount is a link to the files of its present key, and the
/// files of other keys are out of reach. The host of the tests copies and restores all of them. <c>./test gramine</c> does the same with
/// Gramine.
/// </summary>
public sealed class MountedVolumeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);
    private byte[]? tag;

    public MountedVolumeTests()
    {
        SetKey("data", []);
        SetKey("data-spare", []);
    }

    private string Main => folder.File("data");

    private string Disk => folder.File("disk");

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Files_stay_from_start_to_start_and_each_start_has_another_key()
    {
        var places = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            await StartAsync();
            places.Add(new DirectoryInfo(Main).LinkTarget!);
            Assert.Equal(i, File.Exists(Path.Combine(Main, "logs", "old", "b")) ? int.Parse(Read("logs/old/b"), null) : 0);
            Assert.Equal(i > 0, Directory.Exists(Path.Combine(Main, "empty")));
            Directory.CreateDirectory(Path.Combine(Main, "logs", "old"));
            Directory.CreateDirectory(Path.Combine(Main, "empty"));
            Write("logs/old/b", $"{i + 1}");
        }
        Assert.Distinct(places);
        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(Path.Combine(Main, "logs", "old", "b")) & UnixFileMode.UserRead);
    }

    [Fact]
    public async Task An_older_state_of_the_disk_is_refused()
    {
        // With one key for all starts, as Gramine's encrypted files have by themselves, the attack succeeds.
        var (isNaive, isTaken) = (VolumeUpdate.NoRollbackProtection, new List<bool>());
        foreach (var update in new[] { isNaive, VolumeUpdate.Interval })
        {
            await StartAsync(update);
            Write("money", "100");
            var attack = Copy();
            await StartAsync(update);
            Write("money", "0");
            var present = Copy();
            Restore(attack);
            try
            {
                await StartAsync(update);
                isTaken.Add(Read("money") == "100");
            }
            catch (RefusedException refused)
            {
                Assert.Contains("not those of the last run", refused.Message, StringComparison.Ordinal);
                isTaken.Add(false);
            }
            Restore(present);
            await StartAsync(update);
            Assert.Equal("0", Read("money"));
        }
        Assert.Equal([true, false], isTaken);
    }

    [Fact]
    public async Task A_state_since_the_last_start_is_taken_as_the_documentation_says()
    {
        await StartAsync();
        await StartAsync();
        Write("money", "100");
        var attack = Copy();
        Write("money", "0");
        Restore(attack);
        await StartAsync();
        Assert.Equal("100", Read("money"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_start_that_is_interrupted_loses_nothing(bool isMoved)
    {
        await StartAsync();
        Write("a", "1");
        for (var i = 0; i < 5; i++)
        {
            await Assert.ThrowsAsync<IOException>(() => StartAsync(fault: isMoved && i % 2 == 0 ? Fault.AfterMove : Fault.BeforeMove));
        }
        await StartAsync();
        Assert.Equal("1", Read("a"));
    }

    [Fact]
    public async Task A_missing_disk_or_file_is_refused_when_the_volume_was_written()
    {
        await StartAsync();
        Write("a", "1");
        var good = Copy();
        Directory.Delete(Disk, recursive: true);
        await Assert.ThrowsAsync<RefusedException>(() => StartAsync());
        Restore(good);
        // A file that cannot be read ends the start, and is not left out.
        SetKey("data", Convert.FromHexString(lastKey));
        File.CreateSymbolicLink(Path.Combine(Main, "b"), "/nowhere");
        await Assert.ThrowsAsync<FileNotFoundException>(() => StartAsync());
        File.Delete(Path.Combine(Main, "b"));
    }

    [Fact]
    public async Task Another_start_at_the_same_time_is_refused()
    {
        await StartAsync();
        var refused = await Assert.ThrowsAsync<RefusedException>(() => StartAsync(fault: Fault.OtherStart));
        Assert.Contains("another start", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_what_a_native_program_can_keep_is_taken()
    {
        var refused = await Assert.ThrowsAsync<RefusedException>(() => StartAsync(VolumeUpdate.RollbackProtected));
        Assert.Contains("update_policy: interval", refused.Refusal.Remedy!, StringComparison.Ordinal);
        await StartAsync(VolumeUpdate.Ephemeral);
        await StartAsync(VolumeUpdate.NoRollbackProtection);
        Assert.Null(tag);
        var regions = new VolumeConfiguration("data", "/data", key, null, VolumeUpdate.Interval, [new("/a", VolumeProtection.Plain)]);
        await Assert.ThrowsAsync<RefusedException>(() => Open(regions, (_, _, _) => Task.FromResult(true)));
    }

    // The trouble of a move of the tag.
    private enum Fault
    {
        None,
        BeforeMove,
        AfterMove,
        OtherStart,
    }

    private string lastKey = "";

    private Task StartAsync(VolumeUpdate update = VolumeUpdate.Interval, Fault fault = Fault.None) =>
        Open(new VolumeConfiguration("data", "/data", key, update == VolumeUpdate.Interval ? tag : null, update, []), (_, expected, next) =>
        {
            Assert.Equal(tag, expected?.ToArray() is { Length: > 0 } known ? known : null);
            switch (fault)
            {
                case Fault.BeforeMove:
                    throw new IOException("the CAS is down");
                case Fault.OtherStart:
                    return Task.FromResult(false);
            }
            tag = next.ToArray();
            return fault == Fault.AfterMove ? throw new IOException("the answer is lost") : Task.FromResult(true);
        });

    private Task Open(VolumeConfiguration configured, TagMover move) =>
        new MountedVolume("data", Main, folder.File("data-spare"), SetKey).OpenAsync(configured, move);

    private void SetKey(string name, byte[] value)
    {
        lastKey = name == "data" ? Convert.ToHexString(value) : lastKey;
        var files = Directory.CreateDirectory(Path.Combine(Disk, $"{name}-{Convert.ToHexString(value)}")).FullName;
        File.Delete(folder.File(name));
        File.CreateSymbolicLink(folder.File(name), files);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(Main, name), text);

    private string Read(string name) => File.ReadAllText(Path.Combine(Main, name));

    private string Copy()
    {
        var copy = folder.File($"copy-{RandomNumberGenerator.GetHexString(8)}");
        Mirror(Disk, copy);
        return copy;
    }

    private void Restore(string copy)
    {
        if (Directory.Exists(Disk))
        {
            Directory.Delete(Disk, recursive: true);
        }
        Mirror(copy, Disk);
    }

    private static void Mirror(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var inner in Directory.GetDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, inner)));
        }
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }
}
