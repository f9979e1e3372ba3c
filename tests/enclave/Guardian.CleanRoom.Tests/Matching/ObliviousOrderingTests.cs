using System.Runtime.InteropServices;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Data.Linking;
using Guardian.CleanRoom.Data.Ordering;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Lanes;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Matching;

/// <summary>
/// Sorting and merging inside the enclave, recorded as in <see cref="ObliviousnessTests"/>, over inputs that have only their size in
/// common.
/// </summary>
public class ObliviousOrderingTests
{
    private const string Header = "email,arm,exposed,score\n";

    private static readonly RoomContract Contract = TestContract.Read(
        ("max_rows: 4000", "max_rows: 50000\n    max_changes: 2000"), ("max_rows: 5000", "max_rows: 50000"));
    private static readonly RoomLayout Layout = RoomLayout.For(Contract);
    private static readonly DataSet Campaign = Contract.FindDataSet("campaign")!;

    [Fact]
    public void Parting_bins_and_sorting_a_group_touch_the_same_addresses_wherever_rows_belong()
    {
        var dataSet = Campaign.InForm(UploadForm.Unsorted);
        var bins = ObliviousSort.BinsFor(Layout, dataSet, count: 64, rowsPerBin: 6);
        // Different persons; very few persons; always the same person.
        var records = new[] { Rows(i => i), Rows(i => i + 20_000, 3), Rows(_ => 7) }.Select(csv =>
        {
            var group = TestRows.Prepare(Contract, "campaign", csv, null, UploadForm.Unsorted).WriteGroup(0).Span;
            var (first, second, zeros, sorted) = (
                new AlignedBytes(bins.GroupSize(dataSet)), new AlignedBytes(bins.GroupSize(dataSet)),
                new AlignedBytes(bins.GroupSize(dataSet)), new AlignedBytes(Layout.GroupSize(dataSet)));
            foreach (var (bin, start) in new[] { (first, 0), (second, 6) })
            {
                bin.Span.Clear();
                bin.Span[..(16 * 8 * bins.Capacities[dataSet.Name])].Fill(0xFF);
                new GroupColumns(Layout, dataSet).CopyRows(group, start, new GroupColumns(bins, dataSet), bin.Span, 0, 6);
            }
            return TraceLanes.Record(() =>
            {
                var sorter = new BinSorter<TraceLanes, Traced>(Layout, dataSet, bins);
                sorter.Split(first.Span, second.Span, zeros.Span, 0);
                sorter.Finish(second.Span, 1, sorted.Span);
            }).ToString();
        }).ToList();
        AssertSame(records);
    }

    [Fact]
    public void Linking_neighbours_touches_the_same_addresses_whoever_is_linked()
    {
        var format = new LinkFormat(Campaign, 2);
        var layout = RoomLayout.ForPairs(format.Rows, 1_000, 1_000);
        var columns = new GroupColumns(layout, format.Rows);
        // Nobody in common; everybody; nobody eligible; empty.
        var records = new[] { (1, 1, 3), (2, 1, 3), (2, 0, 0), (1_000, 0, 0) }.Select(input =>
        {
            var (shared, first, second) = input;
            var bin = new AlignedBytes(layout.GroupSize(format.Rows));
            bin.Span.Clear();
            bin.Span[..(16 * columns.Slots)].Fill(0xFF);
            var words = MemoryMarshal.Cast<byte, ulong>(bin.Span)[..(2 * columns.Slots)];
            for (var slot = 0; slot < 400 && shared < 1_000; slot++)
            {
                words[slot] = (ulong)(slot / shared) << 40;
                words[columns.Slots + slot] = 0;
                columns.Codes(format.Eligible, bin.Span)[slot] = (byte)(slot % 2 == 0 ? first : second - first);
            }
            var target = new AlignedBytes(layout.GroupSize(format.Rows));
            return TraceLanes.Record(() => new BinSorter<TraceLanes, Traced>(layout, format.Rows, layout, format.Links)
                .Finish(bin.Span, 0, target.Span)).ToString();
        }).ToList();
        AssertSame(records);
    }

    [Fact]
    public void Merging_changes_touches_the_same_addresses_whoever_is_changed_or_removed()
    {
        // All persons changed; only new persons; nearly all persons removed; very few rows.
        var records = new[] { (2_000, 0, 2_000, 0), (2_000, 10_000, 2_000, 0), (2_000, 0, 1, 1_900), (1, 0, 1, 1) }.Select(input =>
        {
            var (persons, first, changed, removed) = input;
            var (current, changes, merged) = (
                new AlignedBytes(Layout.GroupSize(Campaign)), new AlignedBytes(Layout.GroupSize(Campaign.InForm(UploadForm.Changes))),
                new AlignedBytes(Layout.GroupSize(Campaign)));
            TestRows.Prepare(Contract, "campaign", Rows(i => i, persons)).WriteGroup(0).Span.CopyTo(current.Span);
            TestRows.Prepare(Contract, "campaign", Rows(i => first + i, changed), null, UploadForm.Changes,
                [.. Enumerable.Range(1, removed).Select(i => $"person{i}@example.com")]).WriteGroup(0).Span.CopyTo(changes.Span);
            return TraceLanes.Record(
                () => new ChangeMerger<TraceLanes, Traced>(Layout, Campaign).Merge(current.Span, changes.Span, merged.Span)).ToString();
        }).ToList();
        AssertSame(records);
    }

    [Fact]
    public void Any_vectors_give_the_same_groups()
    {
        var dataSet = Campaign.InForm(UploadForm.Unsorted);
        var bins = ObliviousSort.BinsFor(Layout, dataSet, count: 2, rowsPerBin: 100);
        var current = TestRows.Prepare(Contract, "campaign", Rows(i => i, 2_000)).WriteGroup(0).ToArray();
        var changes = TestRows.Prepare(Contract, "campaign", Rows(i => 1_000 + i, 1_900), null, UploadForm.Changes, ["person3@example.com"])
            .WriteGroup(0).ToArray();
        var results = new[]
        {
            Run<LanesScalar, EightWords>(), Run<Lanes256, TwoVectors>(), Run<Lanes512, System.Runtime.Intrinsics.Vector512<ulong>>(),
        };
        Assert.Equal(results[0], results[1]);
        Assert.Equal(results[0], results[2]);

        byte[] Run<TLanes, T>() where TLanes : struct, ILanes<T> where T : struct
        {
            var (bin, merged, sorted) = (
                new byte[bins.GroupSize(dataSet)], new byte[Layout.GroupSize(Campaign)], new byte[Layout.GroupSize(Campaign)]);
            bin.AsSpan(0, 16 * 8 * bins.Capacities[dataSet.Name]).Fill(0xFF);
            var columns = new GroupColumns(bins, dataSet);
            new GroupColumns(Layout, Campaign).CopyRows(current, 0, columns, bin, 0, 30);
            // Rows that have no buckets yet hold their tags.
            var words = MemoryMarshal.Cast<byte, ulong>(bin.AsSpan(0, 16 * columns.Slots));
            for (var slot = 0; slot < 30 * 8; slot++)
            {
                var tag = Layout.TagOf(slot % 8, words[slot], words[columns.Slots + slot]);
                (words[slot], words[columns.Slots + slot]) = (tag.High, tag.Low);
            }
            var sorter = new BinSorter<TLanes, T>(Layout, dataSet, bins);
            // The persons of the first group must come out unchanged; then nearly half as many new persons are added.
            Assert.Null(new GroupCheck(Layout, Campaign, UploadForm.Sorted).FindProblem(0, current, out var persons));
            Assert.Equal((persons, false), (sorter.Finish(bin, 0, sorted), sorter.HasOverflowed));
            Assert.Equal(current, sorted);
            Assert.InRange(new ChangeMerger<TLanes, T>(Layout, Campaign).Merge(current, changes, merged), persons + 1, 2 * persons);
            return [.. sorted, .. merged];
        }
    }

    private static string Rows(Func<int, int> person, int count = 400) =>
        Header + string.Concat(Enumerable.Range(0, count).Select(i => $"person{person(i)}@example.com,Red,1,{i}\n"));

    private static void AssertSame(List<string> records)
    {
        Assert.Single(records.Distinct());
        Assert.DoesNotContain(records, record => record.StartsWith("0 ", StringComparison.Ordinal));
    }
}
