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
            using (Journal.Open(Path, out _))
            {
            }
            Assert.Single(Journal.Read(Path));
        }
    }

    [Fact]
    public void A_changed_line_in_the_middle_is_told_and_never_counted()
    {
        WriteJournal();
        File.WriteAllText(Path, File.ReadAllText(Path).Replace("\"mebibytes\":8", "\"mebibytes\":9", StringComparison.Ordinal));

        var refusal = Assert.Throws<RefusedException>(() => Journal.Read(Path)).Refusal;
        Assert.Equal((MeteringReasons.DamagedJournal, RefusalKind.Damaged), (refusal.Reason, refusal.Kind));
        Assert.Contains("line 1 is damaged", refusal.Detail, StringComparison.Ordinal);
        Assert.Throws<RefusedException>(() => Journal.Open(Path, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0123456789abcdef {}")]
    [InlineData("zz")]
    public void What_is_no_record_is_none(string line) => Assert.Null(JournalRecord.TryParse(Encoding.UTF8.GetBytes(line)));

    private void WriteJournal()
    {
        using var journal = Journal.Open(Path, out _);
        var clock = new ClockReading(Guid.Empty, 1_000_000, 1_700_001_000_000);
        journal.Append([JournalRecord.At(clock, JournalKind.Defined, Instance, 8, "p", "f")]);
        journal.Append([JournalRecord.At(clock, JournalKind.Started, Instance)]);
    }
}
