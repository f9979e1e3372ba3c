using System.Text;
using Guardian.Cli.Desk;

namespace Guardian.Cli.Tests.Desk;

/// <summary>The file with the streams of a program that the page started.</summary>
public sealed class StreamLogTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Lines_of_two_streams_stay_whole()
    {
        var path = folder.File("log");
        using (var log = new StreamLog(path))
        {
            await Task.WhenAll(log.CopyAsync(new Drops("out", 2000)), log.CopyAsync(new Drops("err", 2000)));
        }
        var lines = await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken);
        foreach (var name in new[] { "out", "err" })
        {
            Assert.Equal(
                Enumerable.Range(0, 2000).Select(i => $"{name} {i}"),
                lines.Where(line => line.StartsWith(name, StringComparison.Ordinal)));
        }
        Assert.Equal(4000, lines.Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public async Task A_full_log_says_so_once_and_the_streams_are_still_read_to_their_end()
    {
        var path = folder.File("log");
        using var stream = new Drops("out", 2000);
        using (var log = new StreamLog(path, maxSize: 1000))
        {
            await log.CopyAsync(stream);
        }
        var text = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        Assert.InRange(text.Length, 900, 1100);
        Assert.EndsWith("guardian: warning: the log is full, and the rest of the streams is lost\n", text, StringComparison.Ordinal);
        Assert.Equal(stream.Length, stream.Position);
    }

    [Fact]
    public async Task A_line_without_an_end_is_divided()
    {
        var path = folder.File("log");
        using (var log = new StreamLog(path))
        {
            await log.CopyAsync(new MemoryStream(Encoding.ASCII.GetBytes(new string('x', 1_000_000))));
        }
        Assert.Equal(1_000_001, new FileInfo(path).Length);
    }

    // Gives a few bytes at once, which end anywhere.
    private sealed class Drops(string name, int count) : MemoryStream(
        Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, count).Select(i => $"{name} {i}\n"))))
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            return Read(buffer.Span[..Math.Min(buffer.Length, 13)]);
        }
    }
}
