using System.Text;
using Guardian.Refusals;

namespace Guardian.Metering.Tests;

public sealed class JournalTests : IDisposable
{
    private static readonly Guid Instance = Guid.Parse("00000000-0000-0000-0000-00000000000a");

    private readonly TemporaryFolder folder = new();

    private string Path => folder.File("journal");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_torn_line_is_taken_away_and_nothing_before_it()
    {
        WriteJournal();
        var whole = File.ReadAllBytes(Path);
        for (var size = whole.Length - 1; size > whole.AsSpan(..^1).LastIndexOf((byte)'\n') + 1; size--)
        {
            File.WriteAllBytes(Path, whole[..size]);
            using (Journal.Open(Path, _ => { }))
            {
            }
            Assert.Single(ReadAll());
        }
    }

    [Fact]
    public void A_changed_line_in_the_middle_is_told_and_never_counted()
    {
        WriteJournal();
        File.WriteAllText(Path, File.ReadAllText(Path).Replace("\"mebibytes\":8", "\"mebibytes\":9", StringComparison.Ordinal));

        var refusal = Assert.Throws<RefusedException>(ReadAll).Refusal;
        Assert.Equal((MeteringReasons.DamagedJournal, RefusalKind.Damaged), (refusal.Reason, refusal.Kind));
        Assert.Contains("line 1 is damaged", refusal.Detail, StringComparison.Ordinal);
        Assert.Throws<RefusedException>(() => Journal.Open(Path, _ => { }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0123456789abcdef {}")]
    [InlineData("zz")]
    public void What_is_no_record_is_none(string line) => Assert.Null(JournalRecord.TryParse(Encoding.UTF8.GetBytes(line)));

    // Several parts are read, one after the other.
    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void A_journal_of_years_is_read_line_by_line(int torn)
    {
        var clock = new ClockReading(Guid.Empty, 1_000_000, 1_700_001_000_000);
        var line = JournalRecord.At(clock, JournalKind.Defined, Instance, 8, "p", "f").ToLine();
        const int Lines = 30_000;
        File.WriteAllBytes(Path, [.. Enumerable.Repeat(line, Lines).SelectMany(bytes => bytes), .. line[..torn]]);

        var count = 0;
        using (Journal.Open(Path, _ => count++))
        {
        }
        Assert.Equal((Lines, Lines, (long)Lines * line.Length), (count, ReadAll().Count, new FileInfo(Path).Length));

        using (var file = File.OpenWrite(Path))
        {
            file.Position = ((Lines - 5) * line.Length) + 20;
            file.WriteByte((byte)'x');
        }
        var refusal = Assert.Throws<RefusedException>(() => Journal.Open(Path, _ => { })).Refusal;
        Assert.Contains($"line {Lines - 4} is damaged", refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_lines_is_no_journal()
    {
        File.WriteAllBytes(Path, new byte[3 * 1024 * 1024]);

        Assert.Contains("line 1 is damaged", Assert.Throws<RefusedException>(ReadAll).Message, StringComparison.Ordinal);
    }

    private List<JournalRecord> ReadAll() => [.. Journal.Read(Path, DateTimeOffset.MinValue)];

    private void WriteJournal()
    {
        using var journal = Journal.Open(Path, _ => { });
        var clock = new ClockReading(Guid.Empty, 1_000_000, 1_700_001_000_000);
        journal.Append([JournalRecord.At(clock, JournalKind.Defined, Instance, 8, "p", "f")]);
        journal.Append([JournalRecord.At(clock, JournalKind.Started, Instance)]);
    }
}
