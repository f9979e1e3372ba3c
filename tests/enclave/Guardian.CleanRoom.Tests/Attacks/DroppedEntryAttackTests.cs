using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Tests.Attacks;

/// <summary>
/// A member and the host work together: the member learns an answer, and the host drops its entry from the end of the log, so that the room
/// forgets what it answered. Then the member counts all but one person.
/// </summary>
public sealed class DroppedEntryAttackTests : AttackedPersons
{
    private static readonly Condition Secret = new Predicate("customers.visit", "=", ["1"]);
    private static readonly Condition WithoutTarget = new Predicate("customers.age", "!=", ["77"]);
    private static readonly Question Everyone = new() { Kind = QuestionKind.Overlap, Where = [All, Secret] };

    [Fact]
    public void A_head_that_can_be_turned_back_gives_a_person_away()
    {
        using var room = Guarded();
        var all = room.Count(All, Secret);
        var entries = room.Room.Service.ReadLog().Entries;
        DropLastEntry(room.Room);
        room.Room.Head.Value = Convert.FromHexString(entries[^2].Hash);
        room.Room.Reopen();
        Assert.Equal(1, all - room.Count(WithoutTarget, Secret));
    }

    [Fact]
    public void While_the_host_can_drop_an_answer_nobody_reads_it()
    {
        using var guarded = Guarded();
        var room = guarded.Room;
        AskAndLose(room, () => room.Head.IsAway = true);
        var questions = room.Service.Questions;
        Assert.Equal("cas-away", Refused(() => questions.ReadAnswer(room.Agency, 3)));
        Assert.Equal("cas-away", Refused(() => questions.ListAnswers(room.Agency)));
        Assert.Equal("cas-away", Refused(() => room.Service.ReadLog()));
        room.Head.IsAway = false;

        DropLastEntry(room);
        room.Reopen();
        Assert.Equal("question", room.Service.ReadLog().Entries[^1].Event);
        Assert.Equal("no-answer", room.Service.Questions.ReadAnswer(room.Agency, 3).Refusal!.Code);
        Assert.NotNull(guarded.Count(All, Secret));
        Assert.Null(guarded.Count(WithoutTarget, Secret));
    }

    [Fact]
    public void An_answer_that_a_full_disk_kept_out_of_the_log_is_none()
    {
        using var guarded = Guarded(0.5m);
        var room = guarded.Room;
        using (var disk = new FullDisk(Path.Combine(room.StateFolder, "log")))
        {
            AskAndLose(room, disk.Fill);
            Assert.Equal("no-answer", room.Service.Questions.ReadAnswer(room.Agency, 3).Refusal!.Code);
        }

        // The question is in the log and was charged. It is answered now, at no further price.
        Assert.NotNull(guarded.Count(All, Secret));
        Assert.Equal(["question", "free question", "answer"], room.Service.ReadLog().Entries.Skip(2).Select(entry => entry.Event));
        Assert.Equal(0.5m, room.Service.Questions.ReadBudget().DataSets[0].Spent);
        room.Reopen();
        Assert.Null(guarded.Count(WithoutTarget, Secret));
    }

    // Something fails after the question was charged, and before its answer is confirmed.
    private static void AskAndLose(TestRoom room, Action fail)
    {
        var moves = 0;
        room.Head.AtStep = () =>
        {
            if (++moves == 2)
            {
                fail();
            }
        };
        Assert.ThrowsAny<Exception>(() => room.Service.Questions.Ask(room.Agency, Everyone));
        Assert.Equal(2, moves);
        room.Head.AtStep = null;
    }

    private static string Refused(Action call) => Assert.Throws<RefusedException>(call).Refusal.Code;

    private static void DropLastEntry(TestRoom room)
    {
        room.Service.Dispose();
        var path = Path.Combine(room.StateFolder, "log");
        var log = File.ReadAllBytes(path);
        var (last, end) = (0, 0);
        while (end < log.Length)
        {
            (last, end) = (end, end + sizeof(int) + BitConverter.ToInt32(log, end));
        }
        File.WriteAllBytes(path, log[..last]);
    }
}
