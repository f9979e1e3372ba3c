using System.Security.Cryptography;
using System.Text;
using Guardian.Runtime.Stdio;

namespace Guardian.Runtime.Tests;

/// <summary>Logs of encrypted standard streams from a host that may have changed them.</summary>
public sealed class StdioLogTests : IDisposable
{
    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);
    private readonly string run = StdioCipher.NewRun();
    private readonly StdioLog log;

    public StdioLogTests() => log = new StdioLog(key);

    public void Dispose() => log.Dispose();

    [Fact]
    public void Written_lines_can_be_read_and_the_host_sees_neither_content_nor_exact_size()
    {
        var lines = Lines("alphabetically", "a line of another size");
        Assert.All(lines, line => Assert.DoesNotContain("alphabetically", line, StringComparison.Ordinal));
        Assert.Equal(lines[1].Length, lines[2].Length);
        Assert.Equal(
            ["", "alphabetically", "a line of another size", "0"],
            lines.Select(line => Encoding.UTF8.GetString(Read(line).Content)));
        Assert.Empty(log.Open);
    }

    [Fact]
    public void The_largest_content_fits_and_its_line_stays_in_one_piece()
    {
        using var cipher = new StdioCipher(key, run, "out");
        var line = cipher.Seal(StdioFrameKind.Data, new byte[StdioFrame.MaxContentSize]).ToString();
        Assert.True(line.Length <= 4096);
        Assert.Equal(StdioFrame.MaxContentSize, Read(line.TrimEnd('\n')).Content.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => cipher.Seal(StdioFrameKind.Data, new byte[StdioFrame.MaxContentSize + 1]));
    }

    [Fact]
    public void Missing_repeated_and_misplaced_lines_are_reported_where_they_are()
    {
        var lines = Lines("one", "two", "three");
        Assert.Null(Read(lines[0]).Problem);
        var gap = Read(lines[3]);
        Assert.Equal("frames 1 to 2 are missing", gap.Problem);
        Assert.Equal("three", Encoding.UTF8.GetString(gap.Content));
        Assert.Contains("out of order", Read(lines[2]).Problem, StringComparison.Ordinal);
        Assert.Contains("repeated", Read(lines[3]).Problem, StringComparison.Ordinal);
        Assert.Single(log.Open);
        Assert.Null(Read(lines[4]).Problem);
        Assert.Empty(log.Open);
        Assert.Contains("repeated", Read(lines[4]).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_changed_character_is_detected()
    {
        var lines = Lines("one");
        for (var i = 0; i < lines[1].Length; i++)
        {
            // All other characters of base64, also those that differ only in bits which it ignores.
            const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t";
            foreach (var other in alphabet.Where(other => other != lines[1][i]))
            {
                using var fresh = new StdioLog(key);
                fresh.Read(lines[0]);
                var entry = fresh.Read($"{lines[1][..i]}{other}{lines[1][(i + 1)..]}");
                Assert.True(entry is null or { Problem: not null, Content: [] }, $"character {i} as {other}");
            }
        }
    }

    [Fact]
    public void Frames_of_another_key_run_or_stream_do_not_pass()
    {
        using var stranger = new StdioCipher(RandomNumberGenerator.GetBytes(32), run, "out");
        Assert.NotNull(Read(stranger.Seal(StdioFrameKind.Data, "x"u8).ToString().TrimEnd('\n')).Problem);
        using var cipher = new StdioCipher(key, run, "out");
        var frame = cipher.Seal(StdioFrameKind.Start, "x"u8);
        Assert.NotNull(Read((frame with { Stream = "err" }).ToString().TrimEnd('\n')).Problem);
        Assert.NotNull(Read((frame with { Run = StdioCipher.NewRun() }).ToString().TrimEnd('\n')).Problem);
        Assert.Null(Read(frame.ToString().TrimEnd('\n')).Problem);
    }

    [Theory]
    [InlineData("")]
    [InlineData("gstd1")]
    [InlineData("gstd1 out 00 0 AAAA")]
    [InlineData("gstd1 out 00000000000000000000000000000000 -1 AAAA")]
    [InlineData("gstd1 out 00000000000000000000000000000000 0 ????")]
    [InlineData("gstd1 out 00000000000000000000000000000000 01 AAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("gstd1 side 00000000000000000000000000000000 0 AAAA")]
    [InlineData("an ordinary line of the host")]
    public void Other_lines_are_no_frames(string line) => Assert.Null(log.Read(line));

    private StdioEntry Read(string line) => log.Read(line)!;

    private List<string> Lines(params string[] contents)
    {
        using var cipher = new StdioCipher(key, run, "out");
        List<StdioFrame> frames = [cipher.Seal(StdioFrameKind.Start, [])];
        frames.AddRange(contents.Select(content => cipher.Seal(StdioFrameKind.Data, Encoding.UTF8.GetBytes(content))));
        frames.Add(cipher.Seal(StdioFrameKind.End, "0"u8));
        return frames.ConvertAll(frame => frame.ToString().TrimEnd('\n'));
    }
}
