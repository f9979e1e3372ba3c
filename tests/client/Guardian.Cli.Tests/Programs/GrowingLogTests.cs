using Guardian.Cli.Commands.Programs;
using Guardian.Refusals;

namespace Guardian.Cli.Tests.Programs;

/// <summary>A log that somebody writes while it is read.</summary>
public sealed class GrowingLogTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<string> lines = [];

    private string Log => folder.File("log");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_is_added_is_read_once_and_half_a_line_waits_for_its_rest()
    {
        folder.Write("log", "one\ntw");
        using var log = new GrowingLog(Log);
        Assert.Equal(6, Read(log));
        Assert.Equal(["one"], lines);
        Assert.Equal(0, Read(log));
        File.AppendAllText(Log, "o\nthree\n");
        Assert.Equal(8, Read(log));
        Assert.Equal(["one", "two", "three"], lines);
        Assert.Equal((14, 14), (log.Position, log.Length));
    }

    [Fact]
    public void A_log_that_is_rotated_or_cut_goes_on_with_the_new_file()
    {
        folder.Write("log", "one\ntwo\n");
        using var log = new GrowingLog(Log);
        Read(log);
        File.Move(Log, folder.File("log.1"));
        Assert.Equal(0, Read(log));
        folder.Write("log", "three\n");
        Read(log);
        folder.Write("log", "");
        Assert.Equal(0, Read(log));
        folder.Write("log", "4\n");
        Read(log);
        Assert.Equal(["one", "two", "three", "4"], lines);
    }

    [Fact]
    public void The_rest_of_the_old_file_is_read_before_the_new_one()
    {
        folder.Write("log", "one\n");
        using var log = new GrowingLog(Log);
        Read(log);
        File.AppendAllText(Log, "two\nno line feed");
        File.Move(Log, folder.File("log.1"));
        folder.Write("log", "three\n");
        Read(log);
        Read(log);
        Assert.Equal(["one", "two", "no line feed", "three"], lines);
    }

    [Fact]
    public void One_call_reads_about_as_much_as_it_may()
    {
        folder.Write("log", string.Concat(Enumerable.Repeat("0123456789\n", 1_000_000)));
        using var log = new GrowingLog(Log);
        Assert.InRange(Read(log, 1_000_000), 1_000_000, 1_500_000);
        while (Read(log, 1_000_000) > 0)
        {
        }
        Assert.Equal(1_000_000, lines.Count);
    }

    [Fact]
    public void A_log_that_is_missing_is_refused() => Assert.Throws<RefusedException>(() => new GrowingLog(folder.File("absent")));

    private long Read(GrowingLog log, long limit = long.MaxValue) => log.Read(part => lines.Add(part.Line), limit);
}
