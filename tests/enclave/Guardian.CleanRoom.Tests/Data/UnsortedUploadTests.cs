using System.Text.Json;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Data.Ordering;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Room;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Tests.Data;

/// <summary>Uploads in any order, which the enclave sorts: the version equals that of a sorted upload of the same file.</summary>
public sealed class UnsortedUploadTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    // One group; some groups, whose number is not a power of two; with much memory, and with the minimum.
    [InlineData(4_000, 4_000, 512)]
    [InlineData(50_000, 6_000, 512)]
    [InlineData(50_000, 49_000, 1)]
    [InlineData(150_000, 20_000, 1)]
    public void The_enclave_makes_the_version_that_the_owner_would_have_made(int maxRows, int rows, int mebibytes)
    {
        using var room = Open(maxRows, WorkingSet.FromMebibytes(mebibytes));
        var csv = TestRows.Csv(TestRows.Campaign(new Random(rows), rows, 2 * rows));
        var receipt = Upload(room, csv);
        var (sorted, digest, cipher) = room.Prepare("campaign", csv);
        cipher.Dispose();
        Assert.Equal((digest, rows), (receipt.Digest, receipt.Rows));
        Assert.NotNull(receipt.Upload);
        Assert.Equal(digest, room.Service.Describe(room.Agency).DataSets[0].Digest);
        Assert.Empty(Directory.GetFiles(Path.Combine(room.StateFolder, "campaign"), "*scratch"));
    }

    [Fact]
    public void Of_a_person_who_stands_there_twice_the_first_row_counts()
    {
        using var room = Open(50_000);
        var rows = TestRows.Campaign(new Random(7), 3_000, 6_000);
        // Repeated rows have other cells, occur up to four times, and are far from the first.
        var repeated = rows.Concat(rows.Take(900).Reverse().Select(row => row with { Score = 1 }))
            .Concat(rows.Take(300).Select(row => row with { Arm = "Blue" })).Concat(rows.Take(5).Select(row => row with { Score = 2 }));
        var receipt = Upload(room, TestRows.Csv(repeated));
        var (_, digest, cipher) = room.Prepare("campaign", TestRows.Csv(rows));
        cipher.Dispose();
        Assert.Equal((digest, 3_000), (receipt.Digest, receipt.Rows));
    }

    [Fact]
    public void Too_many_rows_of_one_person_are_refused_and_nothing_changes()
    {
        using var room = Open(50_000);
        var rows = string.Concat(Enumerable.Range(0, 40_000).Select(i => $"p{(i % 10 == 0 ? i : 0)}@x.org,Red,1,{i}\n"));
        Assert.Equal("too-full", TryUpload(room, "email,arm,exposed,score\n" + rows).Refusal!.Code);
        Assert.Null(room.Service.Describe(room.Agency).DataSets[0].Version);
    }

    [Fact]
    public void A_commit_that_is_given_again_and_a_restart_find_the_same_version()
    {
        using var room = Open(50_000);
        var csv = TestRows.Csv(TestRows.Campaign(new Random(8), 2_000, 4_000));
        var first = Upload(room, csv);
        room.Reopen();
        var entries = room.Service.ReadLog().Entries.Count;
        var again = Upload(room, csv);
        Assert.Equal((first.Digest, first.Upload, entries), (again.Digest, again.Upload, room.Service.ReadLog().Entries.Count));
    }

    [Fact]
    public void Questions_get_the_same_answers()
    {
        var random = new Random(9);
        var campaign = TestRows.Csv(TestRows.Campaign(random, 3_000, 5_000));
        var customers = TestRows.Csv(TestRows.Customers(random, 3_000, 5_000));
        using var unsorted = Open(50_000);
        using var sorted = Open(50_000);
        Upload(unsorted, campaign);
        sorted.Upload("campaign", campaign);
        var question = new Question { Kind = QuestionKind.Crosstab, By = ["campaign.arm", "customers.region"] };
        Assert.Equal(Ask(sorted), Ask(unsorted));

        IEnumerable<long?> Ask(TestRoom room)
        {
            room.Upload("customers", customers);
            return room.Ask<CrosstabResult>(question).Cells.Select(cell => cell.Persons);
        }
    }

    [Fact]
    public void A_scratch_file_that_the_host_changed_cut_off_or_put_back_is_found_out()
    {
        var path = folder.File("scratch");
        using var scratch = new ScratchFile(path, 64);
        var (one, two, read) = (Enumerable.Repeat((byte)1, 64).ToArray(), Enumerable.Repeat((byte)2, 64).ToArray(), new byte[64]);
        scratch.Write(0, 0, one);
        scratch.Write(0, 1, two);
        scratch.Read(0, 1, read);
        Assert.Equal(two, read);
        var before = File.ReadAllBytes(path);
        Assert.DoesNotContain("01010101010101", Convert.ToHexString(before), StringComparison.Ordinal);
        scratch.Write(1, 0, one);
        void Put(byte[] bytes)
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.SetLength(bytes.Length);
            file.Write(bytes);
        }
        Put(before);
        Assert.Throws<RefusedException>(() => scratch.Read(1, 0, read));
        Put([.. before[..100], (byte)(before[100] ^ 1), .. before[101..]]);
        Assert.Throws<RefusedException>(() => scratch.Read(0, 1, read));
        Put(before[..120]);
        Assert.Throws<RefusedException>(() => scratch.Read(0, 1, read));
    }

    [Fact]
    public void A_chunk_with_more_rows_than_belong_in_one_is_refused()
    {
        using var room = Open(50_000);
        var dataSet = room.Contract.FindDataSet("campaign")!.InForm(UploadForm.Unsorted);
        var layout = RoomLayout.For(room.Contract);
        var writer = new GroupWriter(layout, dataSet, UploadForm.Unsorted);
        writer.Write(layout.UnsortedSlots(dataSet) % 8, layout.UnsortedSlots(dataSet) / 8, new Tag(1, 0), new uint[dataSet.Columns.Count]);
        Assert.Contains("more rows than belong in one chunk",
            new GroupCheck(layout, dataSet, UploadForm.Unsorted).FindProblem(0, writer.Plaintext.Span, out _), StringComparison.Ordinal);
    }

    [Fact]
    public void The_owners_tool_says_what_it_cannot_send_unsorted()
    {
        using var room = Open(50_000);
        var events = EventRows.Read();
        Assert.Contains("folding them sorts them", Assert.Throws<Guardian.Refusals.RefusedException>(() =>
            new DataSetPreparer(events.FindDataSet("customers")!, RoomLayout.For(events), form: UploadForm.Unsorted)
                .Prepare(folder.Write("x.csv", "x\n"), TestRows.MatchKey)).Message, StringComparison.Ordinal);
        var contract = TestContract.Read();
        var csv = "email,arm,exposed,score\n" + string.Concat(Enumerable.Repeat("a@x.org,Red,1,1\n", 4_001));
        Assert.Contains("more than 4000 rows", Assert.Throws<Guardian.Refusals.RefusedException>(() =>
            new DataSetPreparer(contract.FindDataSet("campaign")!, RoomLayout.For(contract), form: UploadForm.Unsorted)
                .Prepare(folder.Write("x.csv", csv), TestRows.MatchKey)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100, 10_000_000)]
    [InlineData(100_000, 10_000_000)]
    [InlineData(10_000_000, 10_000_000)]
    [InlineData(200_000_000, 200_000_000)]
    [InlineData(30_000, 30_000)]
    public void Bins_overflow_less_than_once_in_2_to_the_80(int maxRows, int largest)
    {
        var contract = TestContract.Read(("max_rows: 4000", $"max_rows: {maxRows}"), ("max_rows: 5000", $"max_rows: {largest}"));
        var (layout, dataSet) = (RoomLayout.For(contract), contract.FindDataSet("campaign")!.InForm(UploadForm.Unsorted));
        var count = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)layout.GroupCount);
        var rowsPerBin = (int)((((long)layout.GroupCount * layout.UnsortedSlots(dataSet) / 8) + count - 1) / count);
        var slots = 8.0 * ObliviousSort.BinsFor(layout, dataSet, count, rowsPerBin).Capacities[dataSet.Name];
        var levels = System.Numerics.BitOperations.Log2((uint)count);
        for (var level = 1; level <= levels; level++)
        {
            // Rows of 2^level bins go to 2^level bins by as many low bits of their group; the most frequent bit pattern gets most rows.
            var rows = Math.Min(8.0 * rowsPerBin * (1L << level), 8.0 * rowsPerBin * count);
            var share = Math.Ceiling((double)layout.GroupCount / (1L << level)) / layout.GroupCount;
            // Chernoff: P(X >= a) <= exp(-KL(a/n, share) n).
            var a = (slots + 1) / rows;
            var exponent = a >= 1
                ? double.NegativeInfinity
                : -rows * ((a * Math.Log(a / share)) + ((1 - a) * Math.Log((1 - a) / (1 - share))));
            Assert.True((exponent + Math.Log((double)count * levels)) / Math.Log(2) < -80,
                $"level {level}: 2^{(exponent + Math.Log((double)count * levels)) / Math.Log(2):F1}");
        }
    }

    private static TestRoom Open(int maxRows, WorkingSet? workingSet = null) =>
        new(TestContract.Read(("max_rows: 4000", $"max_rows: {maxRows}"), ("max_rows: 5000", $"max_rows: {maxRows}")), null, workingSet);

    private static UploadReceipt Upload(TestRoom room, string csv)
    {
        var receipt = TryUpload(room, csv);
        Assert.Null(receipt.Refusal);
        return JsonSerializer.Deserialize(room.Payload(receipt.Value!, UploadReceipt.StatementType), AnswerJson.Default.UploadReceipt)!;
    }

    private static Outcome<byte[]> TryUpload(TestRoom room, string csv) => room.TryUpload("campaign", csv, UploadForm.Unsorted);
}
