using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>A weekly figure in spite of daily refreshes that change few persons.</summary>
public sealed class PinnedVersionTests
{
    private static readonly Question Overlap = new() { Kind = QuestionKind.Overlap };
    private static readonly DateTimeOffset Monday = new(2026, 11, 30, 8, 0, 0, TimeSpan.Zero);
    private readonly MovedClock clock = new() { Now = Monday };

    [Fact]
    public void Without_a_pinned_version_a_small_refresh_withholds_the_weekly_figure_and_charges_it()
    {
        using var room = Open("");
        Assert.IsType<OverlapResult>(room.Ask(Overlap).Body);
        clock.Now = Monday.AddDays(1);
        Upload(room, 1_003);
        Assert.Equal("below-minimum-audience", room.Refusal(Overlap));
        Assert.Equal(1.0m, room.Service.Questions.ReadBudget().DataSets[0].Spent);
    }

    [Fact]
    public void With_one_the_figure_of_the_week_stays_and_the_next_week_has_its_own()
    {
        using var room = Open("    pinned_days: 7\n");
        var figure = room.Ask<OverlapResult>(Overlap);
        for (var day = 1; day < 7; day++)
        {
            clock.Now = Monday.AddDays(day);
            Assert.Equal("version-pinned", room.TryUpload("customers", Customers(1_000 + (3 * day))).Refusal!.Code);
            Assert.Equal(figure, room.Ask<OverlapResult>(Overlap));
        }
        Assert.Equal(0.5m, room.Service.Questions.ReadBudget().DataSets[0].Spent);
        // The refusals are free and no entries of the log: an auditor sees one version for each week.
        Assert.Single(room.Service.ReadLog().Entries, entry =>
            entry.Event == "upload" && entry.Detail.Contains("customers", StringComparison.Ordinal));
        room.Reopen();
        Assert.Equal("version-pinned", room.TryUpload("customers", Customers(1_500)).Refusal!.Code);

        // Monday, midnight.
        clock.Now = Monday.AddDays(7).AddHours(-8);
        Upload(room, 1_500);
        Assert.NotEqual(figure, room.Ask<OverlapResult>(Overlap));
        Assert.Equal("version-pinned", room.TryUpload("customers", Customers(1_600)).Refusal!.Code);
    }

    [Fact]
    public void An_upload_that_began_before_another_one_does_not_replace_it()
    {
        using var room = Open("    pinned_days: 7\n");
        room.Service.DataSets.Delete(room.Retailer, "customers");
        var (data, digest, cipher) = room.Prepare("customers", Customers(1_200));
        using (cipher)
        {
            Assert.Null(room.Service.DataSets.BeginUpload(
                room.Retailer, "customers", new Guardian.CleanRoom.Data.UploadRequest(digest, data.Report.Persons)).Refusal);
            for (var chunk = 0; chunk < data.GroupCount; chunk++)
            {
                Assert.Null(room.Service.DataSets.PutChunk(
                    room.Retailer, "customers", digest, chunk, cipher.Encrypt(chunk, data.WriteGroup(chunk).Span)).Refusal);
            }
        }
        Upload(room, 1_100);
        Assert.NotNull(room.Service.DataSets.Commit(room.Retailer, "customers", digest).Refusal);
    }

    [Fact]
    public void The_same_upload_again_gets_its_receipt_and_does_not_begin_a_period()
    {
        using var room = Open("    pinned_days: 7\n");
        clock.Now = Monday.AddDays(2);
        Assert.Null(room.TryUpload("customers", Customers(1_000)).Refusal);
        clock.Now = Monday.AddDays(7);
        Upload(room, 1_400);
    }

    [Fact]
    public void A_deletion_never_waits_and_frees_the_period()
    {
        using var room = Open("    pinned_days: 31\n");
        Assert.Null(room.Service.DataSets.Delete(room.Retailer, "customers").Refusal);
        Upload(room, 1_200);
        Assert.Equal("version-pinned", room.TryUpload("customers", Customers(1_300)).Refusal!.Code);
    }

    [Theory]
    [InlineData(7, "2026-11-29T23:59:59Z", "2026-11-30T00:00:00Z")]
    [InlineData(7, "2026-11-30T00:00:00Z", "2026-12-07T00:00:00Z")]
    [InlineData(1, "2026-11-30T12:00:00Z", "2026-12-01T00:00:00Z")]
    [InlineData(14, "1970-01-05T00:00:00Z", "1970-01-19T00:00:00Z")]
    [InlineData(7, "1970-01-04T00:00:00Z", "1970-01-05T00:00:00Z")]
    public void Periods_begin_on_mondays(int days, string made, string until)
    {
        var dataSet = TestContract.Read(("max_rows: 5000", $"max_rows: 5000\n    pinned_days: {days}")).FindDataSet("customers")!;
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        Assert.Equal(DateTimeOffset.Parse(until, culture), dataSet.PinnedUntil(DateTimeOffset.Parse(made, culture)));
    }

    private TestRoom Open(string pinned)
    {
        var room = new TestRoom(
            TestContract.Read(("    max_rows: 5000\n", $"    max_rows: 5000\n{pinned}"), ("noise: none", "noise: {epsilon: 0.5}")),
            1, time: clock);
        room.Upload("campaign", "email,arm,exposed,score\n"
            + string.Concat(Enumerable.Range(0, 2_000).Select(i => $"p{i}@example.com,Red,1,1\n")));
        Upload(room, 1_000);
        return room;
    }

    private static void Upload(TestRoom room, int count) => room.Upload("customers", Customers(count));

    private static string Customers(int count) => "mail,region,visit,spend,age\n"
        + string.Concat(Enumerable.Range(0, count).Select(i => $"p{i}@example.com,North,1,5,30\n"))
        + string.Concat(Enumerable.Range(0, 100).Select(i => $"o{i}@example.com,North,1,5,30\n"));

    private sealed class MovedClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
