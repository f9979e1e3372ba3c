using Guardian.Files;
using Guardian.Refusals;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Tests.Support;

namespace Guardian.Volumes.Tests;

/// <summary>The host as adversary: every change of the stored bytes is detected, and no reader takes it for the written content.</summary>
public sealed class VolumeTamperTests : IDisposable
{
    private static readonly VolumeOptions Quiet = new() { CommitInterval = TimeSpan.Zero, CacheSize = 0 };
    private readonly VolumeKey key = VolumeKey.Create();
    private readonly SimulatedDisk disk = new(new Random(1));
    private readonly string good;

    public VolumeTamperTests()
    {
        Fill(disk, "first");
        using var volume = Volume.Open(disk, key, Quiet with { ReadOnly = true });
        good = Tree.Describe(volume);
    }

    public void Dispose()
    {
        key.Dispose();
        disk.Dispose();
    }

    [Fact]
    public void An_untouched_volume_is_whole()
    {
        var report = Volume.Check(disk, key, Quiet);
        Assert.Empty(report.Damages);
        Assert.True(report.IsClosed);
        Assert.Equal((3, 2, 1), (report.Files, report.Directories, report.Links));
    }

    [Fact]
    public void Every_flipped_byte_of_what_is_stored_is_detected()
    {
        var bytes = disk.Bytes;
        var used = UsedSlots();
        Assert.InRange(used.Count, 10, 40);
        foreach (var slot in used)
        {
            for (var at = slot * 4096; at < (slot + 1) * 4096; at++)
            {
                bytes[at] ^= (byte)(1 << (at % 8));
                Assert.True(DamagesOrRefusal().Length > 0, $"byte {at} flipped: not detected");
                if (at % 32 == 0)
                {
                    AssertDetected($"byte {at} flipped");
                }
                bytes[at] ^= (byte)(1 << (at % 8));
            }
        }
    }

    [Fact]
    public void Something_in_a_free_slot_is_detected()
    {
        var used = UsedSlots();
        for (var slot = 2; slot < disk.Size / 4096; slot++)
        {
            if (!used.Contains(slot))
            {
                disk.Bytes[(slot * 4096) + 1_000]++;
                AssertDetected($"free slot {slot}");
                disk.Bytes[(slot * 4096) + 1_000]--;
            }
        }
    }

    [Fact]
    public void Every_two_slots_exchanged_are_detected()
    {
        var used = UsedSlots();
        foreach (var one in used)
        {
            foreach (var other in used.Where(other => other > one && other > 1))
            {
                Exchange(one, other);
                AssertDetected($"slots {one} and {other} exchanged");
                Exchange(one, other);
            }
        }
    }

    [Fact]
    public void Every_slot_that_is_cleared_or_cut_off_is_detected()
    {
        var whole = disk.Bytes;
        foreach (var slot in UsedSlots())
        {
            disk.Bytes = [.. whole];
            disk.Bytes.AsSpan(slot * 4096, 4096).Clear();
            AssertDetected($"slot {slot} cleared");
            disk.Bytes = whole[..(slot * 4096)];
            AssertDetected($"cut off at slot {slot}");
        }
        disk.Bytes = whole;
    }

    [Fact]
    public void Every_slot_of_an_older_state_is_detected()
    {
        var older = disk.Copy().Bytes;
        using (var volume = Volume.Open(disk, key, Quiet))
        {
            foreach (var name in new[] { "small file", "large file" })
            {
                using var file = Tree.Open<IFile>(volume.Root, name);
                Tree.WriteAll(file, 0, new byte[60_000]);
            }
        }
        var replayed = 0;
        foreach (var slot in UsedSlots())
        {
            var now = disk.Bytes.AsSpan(slot * 4096, 4096).ToArray();
            older.AsSpan(slot * 4096, 4096).CopyTo(disk.Bytes.AsSpan(slot * 4096));
            if (!now.AsSpan().SequenceEqual(disk.Bytes.AsSpan(slot * 4096, 4096)))
            {
                replayed++;
                Assert.NotEmpty(DamagesOrRefusal());
            }
            now.CopyTo(disk.Bytes.AsSpan(slot * 4096));
        }
        Assert.True(replayed > 5);
    }

    [Fact]
    public void Every_slot_of_another_volume_with_the_same_key_is_detected()
    {
        using var other = new SimulatedDisk(new Random(2));
        Fill(other, "second");
        foreach (var slot in UsedSlots())
        {
            var mine = disk.Bytes.AsSpan(slot * 4096, 4096).ToArray();
            other.Bytes.AsSpan(slot * 4096, 4096).CopyTo(disk.Bytes.AsSpan(slot * 4096));
            AssertDetected($"slot {slot} from another volume");
            mine.CopyTo(disk.Bytes.AsSpan(slot * 4096));
        }
    }

    [Fact]
    public void Another_key_opens_nothing_and_says_so()
    {
        using var other = VolumeKey.Create();
        var refusal = Assert.Throws<RefusedException>(() => Volume.Open(disk, other, Quiet));
        Assert.Equal(VolumeReasons.WrongKey, refusal.Refusal.Reason);
    }

    [Fact]
    public void A_damaged_file_is_named_and_the_rest_can_still_be_read()
    {
        // The test looks for a slot whose damage affects the large file alone.
        var report = new VolumeReport(0, false, 0, 0, 0, 0, 0, []);
        foreach (var slot in UsedSlots().Where(slot => slot > 1))
        {
            disk.Bytes[slot * 4096] ^= 1;
            report = Volume.Check(disk, key, Quiet);
            if (report.Damages is [{ Path: "/large file" } damage] && damage.Problem.StartsWith("bytes", StringComparison.Ordinal))
            {
                using var volume = Volume.Open(disk, key, Quiet with { ReadOnly = true });
                using var large = Tree.Open<IFile>(volume.Root, "large file");
                var error = FileError.Success;
                for (var at = 0UL; at < 18_000 && error == FileError.Success; at += 4096)
                {
                    error = large.Read(at, new byte[4096], out _);
                }
                Assert.Equal(FileError.Io, error);
                using var small = Tree.Open<IFile>(volume.Root, "small file");
                Assert.Equal("small text: first"u8.ToArray(), Tree.ReadAll(small));
                return;
            }
            disk.Bytes[slot * 4096] ^= 1;
        }
        Assert.Fail("no slot belongs to the large file alone");
    }

    [Fact]
    public void The_host_finds_no_name_and_no_content_in_what_is_stored()
    {
        foreach (var secret in new[] { "small file", "large file", "the folder", "inner file", "small text", "the target" })
        {
            Assert.True(disk.Bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(secret)) < 0, secret);
        }
    }

    [Fact]
    public void Regions_are_readable_or_unprotected_as_they_say_and_names_never_are()
    {
        using var open = new SimulatedDisk(new Random(3));
        var marker = "a page that everybody may read"u8.ToArray();
        using (var volume = Volume.Create(open, key, Quiet))
        {
            foreach (var (name, protection) in new[] { ("checked", Protection.Authenticated), ("loose", Protection.Plain) })
            {
                Assert.Equal(FileError.Success, volume.CreateRegion(name, protection));
                using var region = Tree.Open<IDirectory>(volume.Root, name);
                Assert.Equal(FileError.Success, region.CreateDirectory("below"));
                using var below = Tree.Open<IDirectory>(region, "below");
                Tree.Create(below, "the leaf", [.. marker, .. System.Text.Encoding.UTF8.GetBytes(name)]).Dispose();
                Assert.Equal(FileError.CrossDevice, region.Rename("below", volume.Root, "elsewhere"));
            }
        }
        Assert.True(open.Bytes.AsSpan().IndexOf("the leaf"u8) < 0);
        byte[][] names = ["checked"u8.ToArray(), "loose"u8.ToArray()];
        var places = names.Select(name => open.Bytes.AsSpan().IndexOf([.. marker, .. name])).ToArray();
        Assert.DoesNotContain(-1, places);
        open.Bytes[places[1]]++;
        Assert.Empty(Volume.Check(open, key, Quiet).Damages);
        open.Bytes[places[0]]++;
        Assert.Equal("/checked/below/the leaf", Assert.Single(Volume.Check(open, key, Quiet).Damages).Path);
    }

    private void Fill(SimulatedDisk empty, string text)
    {
        using var volume = Volume.Create(empty, key, Quiet);
        Tree.Create(volume.Root, "small file", System.Text.Encoding.UTF8.GetBytes($"small text: {text}")).Dispose();
        var large = new byte[18_000];
        new Random(5).NextBytes(large);
        Tree.Create(volume.Root, "large file", large).Dispose();
        Assert.Equal(FileError.Success, volume.Root.CreateDirectory("the folder"));
        using var folder = Tree.Open<IDirectory>(volume.Root, "the folder");
        Tree.Create(folder, "inner file", "inner"u8).Dispose();
        Assert.Equal(FileError.Success, folder.CreateSymbolicLink("link", "the target"));
    }

    private List<int> UsedSlots()
    {
        var bytes = disk.Bytes;
        return [.. Enumerable.Range(0, bytes.Length / 4096).Where(slot => bytes.AsSpan(slot * 4096, 4096).ContainsAnyExcept((byte)0))];
    }

    private void Exchange(int one, int other)
    {
        var kept = disk.Bytes.AsSpan(one * 4096, 4096).ToArray();
        disk.Bytes.AsSpan(other * 4096, 4096).CopyTo(disk.Bytes.AsSpan(one * 4096));
        kept.CopyTo(disk.Bytes.AsSpan(other * 4096));
    }

    private string DamagesOrRefusal()
    {
        try
        {
            return string.Join('\n', Volume.Check(disk, key, Quiet).Damages);
        }
        catch (RefusedException refusal)
        {
            return refusal.Message;
        }
    }

    // The check finds the damage, and a reader sees the written content or an error.
    private void AssertDetected(string what)
    {
        Assert.True(DamagesOrRefusal().Length > 0, $"{what}: not detected");
        string seen;
        try
        {
            using var volume = Volume.Open(disk, key, Quiet with { ReadOnly = true });
            seen = Tree.Describe(volume);
        }
        catch (Exception refusal) when (refusal is RefusedException or Xunit.Sdk.XunitException)
        {
            // Describe asserts that every call succeeds.
            return;
        }
        Assert.True(seen == good, $"{what}: read as if it were right");
    }
}
