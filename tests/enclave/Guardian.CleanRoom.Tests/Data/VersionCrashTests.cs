using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Tests.Data;

/// <summary>The process ends between any two steps of a change of the data's keys. Nothing that was acknowledged is lost.</summary>
public sealed class VersionCrashTests
{
    private const string First = "email,arm,exposed,score\na@x.org,Red,1,1\n";
    private const string Second = "email,arm,exposed,score\nb@x.org,Red,1,2\n";

    [Fact]
    public void A_crash_at_any_step_of_an_upload_or_a_deletion_loses_nothing()
    {
        using var room = new TestRoom(("max_rows: 4000", "max_rows: 4000\n    max_changes: 10"));
        var customers = room.Upload("customers", TestRows.Csv(TestRows.Customers(new Random(1), 100, 200)));
        var first = room.Upload("campaign", First);
        var steps = Record(room, () => room.Upload("campaign", Second));
        steps.AddRange(Record(room, () => room.TryUpload("campaign", First, UploadForm.Unsorted)));
        var current = room.Service.Describe(room.Agency).DataSets[0].Digest!;
        steps.AddRange(Record(room, () => room.TryUpload("campaign", Second, UploadForm.Changes, current)));
        steps.AddRange(Record(room, () => room.Service.DataSets.Delete(room.Agency, "campaign")));
        // Each of the four has at least: announcement, log, keys; before and after.
        Assert.True(steps.Count >= 20, $"{steps.Count} steps");

        foreach (var (name, head, secret) in steps)
        {
            room.CopyState(name, restore: true);
            (room.Head.Value, room.KeySecret.Value) = (head, secret);
            room.Reopen();
            // The other data set is there, and the owner can go on: with the version of before, or by repeating the last call.
            var description = room.Service.Describe(room.Retailer).DataSets[1];
            Assert.Equal((customers.Version, customers.Digest), (description.Version, description.Digest));
            Assert.Equal(first.Digest, room.Upload("campaign", First).Digest);
            Assert.Null(room.Service.DataSets.Delete(room.Agency, "campaign").Refusal);
            Assert.Empty(Directory.GetFiles(Path.Combine(room.StateFolder, "campaign")));
            Assert.Single(Directory.GetFiles(room.StateFolder, "*.versions"));
        }
    }

    [Fact]
    public void A_call_to_the_CAS_that_was_cut_off_after_it_took_effect_is_settled()
    {
        using var room = new TestRoom();
        var first = room.Upload("campaign", First);
        foreach (var restart in new[] { false, true })
        {
            var (calls, digest) = (0, new string(restart ? 'a' : 'b', 64));
            room.KeySecret.AtStep = () =>
            {
                // The second step is after the move: the reply is lost.
                if (++calls == 2)
                {
                    throw new RefusedException(Guardian.CleanRoom.Base.RoomReasons.CasAway.Because("cut off"));
                }
            };
            Assert.Throws<RefusedException>(
                () => room.Service.DataSets.BeginUpload(room.Agency, "campaign", new UploadRequest(digest, 1)));
            room.KeySecret.AtStep = null;
            if (restart)
            {
                room.Reopen();
            }
            Assert.Equal(first.Digest, room.Service.Describe(room.Agency).DataSets[0].Digest);
            Assert.Null(room.Service.DataSets.BeginUpload(room.Agency, "campaign", new UploadRequest(digest, 1)).Refusal);
            Assert.Single(Directory.GetFiles(room.StateFolder, "*.versions"));
            Assert.Equal(first.Digest, room.Upload("campaign", First).Digest);
        }
    }

    [Fact]
    public void An_enclave_whose_keys_another_one_replaced_changes_nothing_more()
    {
        using var room = new TestRoom();
        room.Upload("campaign", First);
        using var other = room.OpenAnother();
        Assert.Null(other.DataSets.BeginUpload(room.Agency, "campaign", new UploadRequest(new string('a', 64), 1)).Refusal);
        Assert.Equal("state-changed", Assert.Throws<RefusedException>(() => room.Service.DataSets.BeginUpload(
            room.Agency, "campaign", new UploadRequest(new string('b', 64), 1))).Refusal.Code);
    }

    [Fact]
    public void Files_of_another_format_are_refused_with_both_numbers()
    {
        using var room = new TestRoom();
        room.Upload("campaign", First);
        var path = Path.Combine(room.StateFolder, "format");
        // A release before formats had numbers; and a later one.
        File.Delete(path);
        Assert.Contains("format 1, and this release reads format 3",
            Assert.Throws<RefusedException>(room.Reopen).Message, StringComparison.Ordinal);
        File.WriteAllText(path, "4\n");
        Assert.Equal("other-format", Assert.Throws<RefusedException>(room.Reopen).Refusal.Code);
        File.WriteAllText(path, "3\n");
        room.Reopen();
        Assert.NotNull(room.Service.Describe(room.Agency).DataSets[0].Version);
    }

    // The state at each moment at which a process could end, as the host and the CAS would have it.
    private static List<(string Name, byte[]? Head, byte[]? Secret)> Record(TestRoom room, Action work)
    {
        var steps = new List<(string, byte[]?, byte[]?)>();
        void Note()
        {
            var name = $"step{Guid.NewGuid():N}";
            room.CopyState(name);
            steps.Add((name, room.Head.Value, room.KeySecret.Value));
        }
        (room.Head.AtStep, room.KeySecret.AtStep) = (Note, Note);
        work();
        (room.Head.AtStep, room.KeySecret.AtStep) = (null, null);
        return steps;
    }
}
