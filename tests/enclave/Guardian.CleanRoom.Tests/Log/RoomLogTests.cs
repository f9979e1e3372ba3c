using System.Security.Cryptography;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Log;
using Guardian.Files.Durable;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Tests.Log;

public sealed class RoomLogTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly StateCipher state = new(RandomNumberGenerator.GetBytes(32), new byte[32]);

    public void Dispose()
    {
        state.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void Entries_are_there_after_a_restart_and_follow_from_each_other()
    {
        Fill(3);
        using var log = Open();
        Assert.Equal([1, 2, 3], log.Entries.Select(entry => entry.Sequence));
        Assert.Null(LogChain.FindProblem(log.Entries));
        Assert.Equal(4, log.Append("agency", "question", "{}").Sequence);
    }

    [Fact]
    public void A_record_that_a_crash_cut_off_is_dropped_at_every_length()
    {
        Fill(2);
        var whole = File.ReadAllBytes(folder.File("log"));
        var first = FirstRecord(whole);
        for (var length = first; length < whole.Length; length += 7)
        {
            File.WriteAllBytes(folder.File("log"), whole[..length]);
            using var log = Open();
            Assert.Single(log.Entries);
            log.Append("agency", "question", "{}");
            Assert.Null(LogChain.FindProblem(log.Entries));
        }
    }

    [Fact]
    public void An_altered_record_is_noticed_wherever_it_is_altered()
    {
        Fill(2);
        var whole = File.ReadAllBytes(folder.File("log"));
        for (var i = 4; i < FirstRecord(whole); i += 5)
        {
            var altered = whole.ToArray();
            altered[i] ^= 4;
            File.WriteAllBytes(folder.File("log"), altered);
            Assert.Throws<RefusedException>(() => Open());
        }
    }

    [Fact]
    public void Records_cannot_change_places()
    {
        Fill(2);
        var whole = File.ReadAllBytes(folder.File("log"));
        var first = FirstRecord(whole);
        File.WriteAllBytes(folder.File("log"), [.. whole[first..], .. whole[..first]]);
        Assert.Throws<RefusedException>(() => Open());
    }

    [Fact]
    public void Members_notice_an_entry_that_was_altered_left_out_or_moved()
    {
        Fill(4);
        using var log = Open();
        var entries = log.Entries.ToList();
        Assert.Contains(
            "entry 2", LogChain.FindProblem([entries[0], entries[1] with { Detail = "{\"x\":1}" }, entries[2]]), StringComparison.Ordinal);
        Assert.Contains("entry 3", LogChain.FindProblem([entries[0], entries[1], entries[3]]), StringComparison.Ordinal);
        Assert.NotNull(LogChain.FindProblem([entries[1], entries[0]]));
        Assert.NotNull(LogChain.FindProblem(entries[1..]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(10_000)]
    public void A_write_that_failed_in_the_middle_leaves_nothing_behind(int written)
    {
        Fill(2);
        using (var file = new FullDisk(folder.File("log")))
        using (var log = Open(file))
        {
            file.Space = written;
            Assert.Throws<IOException>(() => log.Append("agency", "question", $"{{\"text\":\"{new string('x', 20_000)}\"}}"));
            Assert.Equal(2, log.Entries.Count);
            file.Space = long.MaxValue;
            Assert.Equal(3, log.Append("agency", "question", "{}").Sequence);
        }
        using var again = Open();
        Assert.Equal(3, again.Entries.Count);
        Assert.Null(LogChain.FindProblem(again.Entries));
    }

    [Fact]
    public void The_largest_question_that_a_member_can_send_is_read_after_a_restart()
    {
        // JSON in JSON writes this character in seven.
        var detail = $"{{\"text\":{System.Text.Json.JsonSerializer.Serialize(new string('<', 64 * 1024))}}}";
        using (var log = Open())
        {
            log.Append("agency", "free question", detail);
        }
        using var again = Open();
        Assert.Equal(detail, Assert.Single(again.Entries).Detail);
    }

    private void Fill(int count)
    {
        using var log = Open();
        for (var i = 0; i < count; i++)
        {
            log.Append("agency", "upload", $"{{\"number\":{i}}}");
        }
    }

    private RoomLog Open() => Open(DurableFile.Open(folder.File("log")));

    private RoomLog Open(FileStream file) => RoomLog.Open(file, state, TimeProvider.System, null);

    private static int FirstRecord(byte[] file) => 4 + BitConverter.ToInt32(file);

    /// <summary>A file on a disk that takes only so many more bytes.</summary>
    private sealed class FullDisk(string path) : FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0)
    {
        public long Space { get; set; } = long.MaxValue;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            base.Write(buffer[..(int)Math.Min(buffer.Length, Space)]);
            if (buffer.Length > Space)
            {
                throw new IOException("no space left on device");
            }
        }
    }
}
