using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Text;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Attacks;

/// <summary>
/// A member with the match key and all that the room shows tests guesses about a partner's rows. Names that follow from the rows confirm
/// a guess; the room's names are random, so they confirm none. Row counts are exact figures too, and only their owner gets them.
/// </summary>
public sealed class VersionNameAttackTests
{
    private const string Header = "email,arm,exposed,score\n";

    [Fact]
    public void A_one_person_change_is_guessed_by_its_digest_where_digests_are_public_only()
    {
        using var room = Open();
        var before = room.Upload("campaign", Header + "a@x.org,Red,1,1\n");
        Assert.Null(room.TryUpload("campaign", Header + "secret@x.org,Blue,0,7\n", Guesses.Form, before.Digest).Refusal);
        var secret = room.Prepare("campaign", Header + "secret@x.org,Blue,0,7\n", Guesses.Form);
        secret.Cipher.Dispose();

        // The old behaviour: the log names the digest of the change.
        Assert.Equal("secret@x.org,Blue,0,7", Attack(room, secret.Digest));
        Assert.Null(Attack(room, SeenByOthers(room)));
    }

    [Fact]
    public void A_version_is_guessed_by_its_digest_where_digests_are_public_only()
    {
        using var room = Open();
        var receipt = room.Upload("campaign", Header + "secret@x.org,Blue,0,7\n");
        Assert.Equal("secret@x.org,Blue,0,7", Attack(room, receipt.Digest, UploadForm.Sorted));
        Assert.Null(Attack(room, SeenByOthers(room), UploadForm.Sorted));
        // A version, its change and the deletion have one name each in all places, which the owner's receipt connects with the digest.
        Assert.Contains(receipt.Version, SeenByOthers(room), StringComparison.Ordinal);
        Assert.Null(room.Service.DataSets.Delete(room.Agency, "campaign").Refusal);
        Assert.Null(Attack(room, SeenByOthers(room), UploadForm.Sorted));
    }

    [Fact]
    public void Equal_content_has_another_name_each_time()
    {
        using var room = Open();
        var one = room.Upload("campaign", Header + "a@x.org,Red,1,1\n");
        var two = room.Upload("campaign", Header + "b@x.org,Red,1,1\n");
        var again = room.Upload("campaign", Header + "a@x.org,Red,1,1\n");
        Assert.Equal(one.Digest, again.Digest);
        Assert.Equal(3, new[] { one.Version, two.Version, again.Version }.Distinct().Count());
    }

    [Fact]
    public void Data_sets_that_differ_by_one_row_look_the_same_to_others_and_to_the_host()
    {
        var shapes = new[] { 9, 10 }.Select(rows =>
        {
            using var room = Open();
            room.Upload("campaign", Header + string.Concat(Enumerable.Range(0, rows).Select(i => $"p{i}@x.org,Red,1,{i}\n")));
            var host = Directory.GetFiles(room.StateFolder, "*.chunks", SearchOption.AllDirectories)
                .Select(path => $"{Path.GetFileName(path).Length} {new FileInfo(path).Length}");
            return Shape(SeenByOthers(room)) + string.Join('|', host);
        }).ToList();
        Assert.Equal(shapes[0], shapes[1]);
        // The old detail of the log, for comparison.
        Assert.NotEqual(Shape("\"rows\":9"), Shape("\"rows\":10"));
    }

    [Fact]
    public void Others_find_the_number_of_rows_in_no_answer_receipt_list_or_log()
    {
        using var room = new TestRoom(
            ("roles: {query: [agency], receive: [agency], pay: [retailer]}",
                "roles: {query: [agency, retailer], receive: [agency, retailer], pay: [retailer]}"));
        // Numbers that nothing else has, and of which the answers tell something only if the room does.
        const int campaign = 2_713;
        const int customers = 3_347;
        var random = new Random(5);
        room.Upload("campaign", TestRows.Csv(TestRows.Campaign(random, campaign, 4_000)));
        room.Upload("customers", TestRows.Csv(TestRows.Customers(random, customers, 4_000)));
        var seen = new StringBuilder();
        Question[] questions =
        [
            new() { Kind = QuestionKind.Overlap }, new() { Kind = QuestionKind.Lift },
            new() { Kind = QuestionKind.Crosstab, By = ["campaign.arm", "customers.region"] },
            new() { Kind = QuestionKind.Overlap, Where = [new Predicate("customers.age", "<", ["0"])] },
        ];
        foreach (var question in questions)
        {
            seen.Append(Encoding.UTF8.GetString(
                room.Payload(room.Service.Questions.Ask(room.Agency, question).Value!, Answer.StatementType)));
        }
        seen.Append(SeenByOthers(room)).Append(JsonSerializer.Serialize(
            room.Service.Questions.ListAnswers(room.Retailer).Value!, QuestionJson.Default.AnswerList));
        Assert.DoesNotContain(campaign.ToString(CultureInfo.InvariantCulture), Numbers(seen.ToString()));
        var seenByAgency = seen.ToString().Replace(SeenByOthers(room), SeenByOthers(room, room.Agency), StringComparison.Ordinal);
        Assert.DoesNotContain(customers.ToString(CultureInfo.InvariantCulture), Numbers(seenByAgency));
        // The old description had the number for everybody; now it is the owner's.
        Assert.Contains(campaign.ToString(CultureInfo.InvariantCulture),
            Numbers(JsonSerializer.Serialize(room.Service.Describe(room.Agency), RoomJson.Default.RoomDescription)));

        static IEnumerable<string> Numbers(string text) =>
            Regex.Matches(text, "(?<![0-9a-fA-F.])[0-9]+(?![0-9a-fA-F.])").Select(match => match.Value);
    }

    private static TestRoom Open() => new(("max_rows: 4000", "max_rows: 4000\n    max_changes: 10"));

    // All that another member gets: the log, the description, and the names of files, which the host may give away.
    private static string SeenByOthers(TestRoom room, RoomMember? member = null) =>
        JsonSerializer.Serialize(room.Service.ReadLog(), RoomJson.Default.LogPage)
        + JsonSerializer.Serialize(room.Service.Describe(member ?? room.Retailer), RoomJson.Default.RoomDescription)
        + string.Join('|', Directory.GetFiles(room.StateFolder, "*", SearchOption.AllDirectories).Select(path => Path.GetFileName(path))
            .OrderBy(Shape, StringComparer.Ordinal));

    // Tests 24 guesses like a member that has the match key and the product's own library.
    private static string? Attack(TestRoom room, string seen, UploadForm form = Guesses.Form)
    {
        foreach (var guess in Guesses.All)
        {
            var (_, digest, cipher) = room.Prepare("campaign", Header + guess + "\n", form);
            cipher.Dispose();
            if (seen.Contains(digest, StringComparison.Ordinal))
            {
                return guess;
            }
        }
        return null;
    }

    // Random names have one length; an instant has up to seven digits of a second; the counters of the page cache are the platform's.
    private static string Shape(string seen) => new[]
    {
        ("[0-9a-f]{64}", "NAME"), ("\"instant\":\"[^\"]*\"", "TIME"), ("\"epc\":.*?}", "EPC"),
    }.Aggregate(seen.Replace("\\u0022", "'", StringComparison.Ordinal), (text, part) => Regex.Replace(text, part.Item1, part.Item2));

    private static class Guesses
    {
        public const UploadForm Form = UploadForm.Changes;

        public static IEnumerable<string> All =>
            from email in new[] { "other@x.org", "secret@x.org" }
            from arm in new[] { "Red", "Blue", "None" }
            from exposed in new[] { 0, 1 }
            from score in new[] { 3, 7 }
            select $"{email},{arm},{exposed},{score}";
    }
}
