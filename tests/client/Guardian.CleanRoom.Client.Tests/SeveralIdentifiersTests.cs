using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client.Tests;

/// <summary>Files whose rows have several identifiers.</summary>
public sealed class SeveralIdentifiersTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(500)]
    public void Identifiers_count_for_the_first_row_that_has_them_however_many_rows_are_tagged_at_once(int count)
    {
        // Many share identifiers, some in neighbouring rows, and every tenth row repeats an earlier one in full.
        var seed = Environment.TickCount;
        var rows = WaterfallRows.Of(new Random(seed), count, count + 100);
        rows[0] = rows[0] with { Email = "first@example.com" };
        rows = [.. rows.SelectMany((row, i) => i % 10 == 9 ? new[] { row, rows[i / 2] } : [row])];
        var (kept, shared, repeated, empty) = Reference(rows);
        var report = Prepare(rows).Report;
        Assert.True(
            (kept, shared, repeated, empty) == (report.Persons, report.SharedIdentifiers, report.Duplicates, report.Empty),
            $"seed {seed}: {(kept, shared, repeated, empty)} expected, {report} found");
    }

    [Fact]
    public void A_file_in_any_order_that_has_too_many_persons_is_refused_even_if_the_last_rows_waited()
    {
        var rows = Enumerable.Range(0, 21).Select(i => new WaterfallRow($"u{i}@x.org", "", "", "", "", "", i)).ToList();
        var contract = WaterfallRows.Contract(("max_rows: 4000", "max_rows: 20"));
        Assert.Contains(contract.DataSets, dataSet => dataSet is { Name: "campaign", MaxRows: 20 });
        var refused = Assert.Throws<RefusedException>(() => Prepare(rows, contract, UploadForm.Unsorted));
        Assert.Contains("more than 20 rows", refused.Refusal.Detail, StringComparison.Ordinal);
        Assert.Equal(20, Prepare([.. rows.Take(20)], contract, UploadForm.Unsorted).Report.Persons);
    }

    [Fact]
    public void Hashes_in_a_room_of_clear_text_are_counted()
    {
        string Hash(int i) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"u{i}@x.org")));
        var rows = Enumerable.Range(0, 40).Select(
            i => new WaterfallRow(i < 7 ? Hash(i) : $"u{i}@x.org", $"+4915112345{10 + i}", "", "", "", "", i)).ToList();
        var report = Prepare(rows).Report;
        Assert.Equal((40, 7), (report.Persons, report.Hashed));
        Assert.Equal(0, Prepare([.. rows.Skip(7)]).Report.Hashed);
    }

    // One row after the other, as docs/spec/room.md says.
    private static (int Kept, int Shared, int Repeated, int Empty) Reference(List<WaterfallRow> rows)
    {
        var seen = new HashSet<(int, string)>();
        var (kept, shared, repeated, empty) = (0, 0, 0, 0);
        foreach (var row in rows)
        {
            var keys = row.Keys.Index().Where(key => key.Item.Length > 0).ToList();
            var fresh = keys.Count(key => seen.Add((key.Index, key.Item)));
            shared += keys.Count - fresh;
            kept += fresh > 0 ? 1 : 0;
            repeated += keys.Count > 0 && fresh == 0 ? 1 : 0;
            empty += keys.Count == 0 ? 1 : 0;
        }
        return (kept, shared, repeated, empty);
    }

    private PreparedDataSet Prepare(List<WaterfallRow> rows, RoomContract? contract = null, UploadForm form = UploadForm.Sorted)
    {
        contract ??= WaterfallRows.Contract();
        return new DataSetPreparer(contract.FindDataSet("campaign")!, RoomLayout.For(contract), form: form)
            .Prepare(folder.Write("rows.csv", WaterfallRows.Campaign(rows)), TestRows.MatchKey);
    }
}
