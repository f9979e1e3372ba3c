using System.Text;
using System.Text.Json;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Documents;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Tests.Data;

/// <summary>Uploads that change a version: persons are added, changed or removed; everyone else stays.</summary>
public sealed class ChangesTests
{
    private static readonly (string, string)[] Sizes = [
        ("max_rows: 4000", "max_rows: 50000\n    max_changes: 3000"), ("max_rows: 5000", "max_rows: 50000")];

    [Theory]
    [InlineData(10_000, 1_000, 500)]
    [InlineData(49_900, 2_000, 1_000)]
    [InlineData(1, 1, 0)]
    public void A_changed_version_is_the_one_that_a_whole_upload_would_have_made(int before, int changed, int removed)
    {
        var random = new Random(before);
        var rows = TestRows.Campaign(random, before, 2 * before);
        // Half of the changed persons are new. An unknown person can be removed too. A person in both files is changed.
        var changes = rows.Take(changed / 2).Select(row => row with { Arm = "Blue", Score = 7 })
            .Concat(Enumerable.Range(0, Math.Min(changed - (changed / 2), 50_000 - before))
                .Select(i => new CampaignRow($"new{i}@example.com", "Red", true, i))).ToList();
        var gone = rows.Skip(changed / 2 - (changed / 4)).Take(removed).Select(row => row.Email).Concat(["nobody@example.com"]).ToList();
        var kept = rows.Where(row => changes.All(change => change.Email != row.Email) && !gone.Contains(row.Email)).Concat(changes)
            .ToList();

        using var room = new TestRoom(Sizes);
        var first = room.Upload("campaign", TestRows.Csv(rows));
        var receipt = Change(room, first.Digest, TestRows.Csv(changes), gone);
        Assert.Equal((first.Digest, kept.Count), (receipt.Base, receipt.Rows));
        var (_, digest, cipher) = room.Prepare("campaign", TestRows.Csv(kept));
        cipher.Dispose();
        Assert.Equal(digest, receipt.Digest);
        Assert.Equal(digest, room.Service.Describe(room.Agency).DataSets[0].Digest);
        var entry = room.Service.ReadLog().Entries[^1];
        Assert.Contains($"\"base\":\"{first.Version}\"", entry.Detail, StringComparison.Ordinal);
        Assert.Equal(entry.Hash, receipt.LogHash);
    }

    [Fact]
    public void Changes_follow_upon_changes_and_survive_a_restart()
    {
        using var room = new TestRoom(Sizes);
        var digest = room.Upload("campaign", "email,arm,exposed,score\na@x.org,Red,1,1\n").Digest;
        digest = Change(room, digest, "email,arm,exposed,score\nb@x.org,Red,1,2\n", []).Digest;
        room.Reopen();
        digest = Change(room, digest, null, ["a@x.org"]).Digest;
        Assert.Equal(Change(room, digest, "email,arm,exposed,score\nb@x.org,Blue,0,3\n", []).Digest,
            Digest(room, "email,arm,exposed,score\nb@x.org,Blue,0,3\n"));
    }

    [Fact]
    public void Changes_that_change_nothing_leave_the_version_as_it_is()
    {
        using var room = new TestRoom(Sizes);
        const string csv = "email,arm,exposed,score\na@x.org,Red,1,1\nb@x.org,Blue,0,2\n";
        var digest = room.Upload("campaign", csv).Digest;
        Assert.Equal(digest, Change(room, digest, csv, ["nobody@x.org"]).Digest);
        room.Reopen();
        Assert.Equal(digest, room.Service.Describe(room.Agency).DataSets[0].Digest);
        Assert.Equal(digest, Change(room, digest, csv, []).Digest);
    }

    [Fact]
    public void Changes_for_another_version_are_refused()
    {
        using var room = new TestRoom(Sizes);
        const string change = "email,arm,exposed,score\nb@x.org,Red,1,2\n";
        Assert.Equal("base-changed", room.TryUpload("campaign", change, UploadForm.Changes, new string('0', 64)).Refusal!.Code);
        var old = room.Upload("campaign", "email,arm,exposed,score\na@x.org,Red,1,1\n").Digest;
        var (prepared, digest, cipher) = room.Prepare("campaign", change, UploadForm.Changes);
        Assert.Null(room.Service.DataSets.BeginUpload(
            room.Agency, "campaign", new UploadRequest(digest, 1) { Form = UploadForm.Changes, Base = old }).Refusal);
        for (var chunk = 0; chunk < prepared.GroupCount; chunk++)
        {
            Assert.Null(room.Service.DataSets.PutChunk(
                room.Agency, "campaign", digest, chunk, cipher.Encrypt(chunk, prepared.WriteGroup(chunk).Span)).Refusal);
        }
        cipher.Dispose();
        // Another version is uploaded in between.
        var next = room.Upload("campaign", "email,arm,exposed,score\nc@x.org,Red,1,1\n").Digest;
        Assert.Equal("base-changed", room.Service.DataSets.Commit(room.Agency, "campaign", digest).Refusal!.Code);
        Assert.Equal((2, next), (Change(room, next, change, []).Rows, Change(room, next, change, []).Base));
    }

    [Fact]
    public void What_a_contract_does_not_allow_is_refused()
    {
        using var room = new TestRoom(("max_rows: 4000", "max_rows: 4000\n    max_changes: 10"));
        var digest = room.Upload("campaign", "email,arm,exposed,score\na@x.org,Red,1,1\n").Digest;
        Assert.Equal("bad-rows",
            room.Service.DataSets.BeginUpload(
            room.Agency, "campaign",
            new UploadRequest(digest[..63] + "x".Replace('x', digest[63] == '0' ? '1' : '0'), 11) { Form = UploadForm.Changes,
            Base = digest }).Refusal!.Code);
        Assert.Equal("no-changes",
            room.Service.DataSets.BeginUpload(
            room.Retailer, "customers",
            new UploadRequest(new string('a', 64), 1) { Form = UploadForm.Changes, Base = digest }).Refusal!.Code);
        // Nobody is left.
        Assert.Equal("bad-rows", room.TryUpload("campaign", null, UploadForm.Changes, digest, ["a@x.org"]).Refusal!.Code);
        Assert.Equal(digest, room.Service.Describe(room.Agency).DataSets[0].Digest);
    }

    [Fact]
    public void More_persons_than_the_contract_allows_are_refused()
    {
        using var room = new TestRoom(("max_rows: 4000", "max_rows: 4000\n    max_changes: 10"));
        var digest = room.Upload("campaign", TestRows.Csv(TestRows.Campaign(new Random(1), 4_000, 4_000))).Digest;
        Assert.Equal("bad-rows",
            room.TryUpload("campaign", "email,arm,exposed,score\nnew@x.org,Red,1,1\n", UploadForm.Changes, digest).Refusal!.Code);
    }

    [Fact]
    public void The_guard_and_the_budget_hold_over_changes_as_over_whole_versions()
    {
        using var room = new TestRoom([.. Sizes, ("noise: none", "noise: {epsilon: 0.5}")]);
        var (rows, customers) = (TestRows.Campaign(new Random(1), 2_000, 4_000), TestRows.Customers(new Random(2), 2_000, 4_000));
        var digest = room.Upload("campaign", TestRows.Csv(rows)).Digest;
        room.Upload("customers", TestRows.Csv(customers));
        room.Ask(new Question { Kind = QuestionKind.Overlap });
        // The tracker's trick: remove one person, and repeat the question.
        Change(room, digest, null, [rows.Select(row => row.Email).Intersect(customers.Select(row => row.Email)).First()]);
        Assert.Equal("below-minimum-audience", room.Refusal(new Question { Kind = QuestionKind.Overlap }));
        Assert.All(room.Service.Questions.ReadBudget().DataSets, dataSet => Assert.Equal(1m, dataSet.Spent));
    }

    [Theory]
    [InlineData("max_changes: 4001", "max_changes")]
    [InlineData("max_changes: 0", "max_changes")]
    public void A_contract_that_allows_impossible_changes_is_refused(string changed, string expected)
    {
        var problems = new DocumentProblems();
        Assert.Null(ContractReader.Read(
            Encoding.UTF8.GetBytes(TestContract.Change(("max_rows: 4000", $"max_rows: 4000\n    {changed}"))), problems));
        Assert.Contains(expected, problems.Items.Single().Message, StringComparison.Ordinal);
    }

    private static string Digest(TestRoom room, string csv)
    {
        var (_, digest, cipher) = room.Prepare("campaign", csv);
        cipher.Dispose();
        return digest;
    }

    private static UploadReceipt Change(TestRoom room, string digest, string? csv, IReadOnlyList<string> removed)
    {
        var receipt = room.TryUpload("campaign", csv, UploadForm.Changes, digest, removed);
        Assert.Null(receipt.Refusal);
        return JsonSerializer.Deserialize(room.Payload(receipt.Value!, UploadReceipt.StatementType), AnswerJson.Default.UploadReceipt)!;
    }
}
