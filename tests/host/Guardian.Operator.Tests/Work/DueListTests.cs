using Guardian.Operator.Objects;
using Guardian.Operator.Work;

namespace Guardian.Operator.Tests.Work;

/// <summary>Objects are looked at in turns, again and again.</summary>
public sealed class DueListTests
{
    private readonly Clock clock = new();

    [Fact]
    public void A_namespace_with_many_objects_keeps_no_other_waiting()
    {
        var due = new DueList(clock);
        for (var i = 0; i < 100; i++)
        {
            due.Put(Item("greedy", $"o{i}"));
        }
        clock.Now += TimeSpan.FromMinutes(1);
        due.Put(Item("modest", "only"));
        // A naive list takes the one that waits the longest.
        string[] served = [due.FindDue()!.Key.Namespace, due.FindDue()!.Key.Namespace];
        Assert.Contains("modest", served);
    }

    [Fact]
    public void An_object_that_is_refused_waits_longer_each_time_and_a_change_of_it_is_due_at_once()
    {
        var due = new DueList(clock);
        due.Put(Item("a", "o"));
        var pauses = new List<double>();
        for (var i = 0; i < 10; i++)
        {
            due.Postpone(due.FindDue()!, isAccepted: false);
            var from = clock.Now;
            while (due.FindDue() is null)
            {
                clock.Now += TimeSpan.FromSeconds(5);
            }
            pauses.Add((clock.Now - from).TotalSeconds);
        }
        Assert.Equal([5, 10, 20, 40, 80, 160, 320, 600, 600, 600], pauses);
        due.Postpone(due.FindDue()!, isAccepted: false);
        due.Put(Item("a", "o"));
        Assert.Null(due.FindDue());
        due.Put(Item("a", "o", generation: 2));
        Assert.Equal(2, due.FindDue()!.Generation);
    }

    [Fact]
    public void An_accepted_object_is_looked_at_again()
    {
        var due = new DueList(clock);
        due.Put(Item("a", "o"));
        due.Postpone(Item("a", "o"), isAccepted: true);
        Assert.Null(due.FindDue());
        clock.Now += DueList.AcceptedPause;
        Assert.NotNull(due.FindDue());
    }

    [Fact]
    public void The_outcome_of_a_former_specification_does_not_postpone_the_present_one()
    {
        var due = new DueList(clock);
        due.Put(Item("a", "o"));
        var looked = due.FindDue()!;
        due.Put(Item("a", "o", generation: 2));
        due.Postpone(looked, isAccepted: true);
        Assert.Equal(2, due.FindDue()!.Generation);
    }

    [Fact]
    public void A_new_list_removes_what_is_gone()
    {
        var due = new DueList(clock);
        due.Put(Item("a", "gone"));
        due.Replace([Item("b", "new")]);
        Assert.Equal((1, "b"), (due.Count, due.FindDue()!.Key.Namespace));
        due.Remove(new ObjectKey("b", "new"));
        Assert.Null(due.FindDue());
    }

    [Fact]
    public void A_namespace_has_a_bound_and_a_deletion_makes_room()
    {
        var due = new DueList(clock);
        for (var i = 0; i < DueList.MaxOfNamespace + 5; i++)
        {
            due.Put(Item("greedy", $"o{i}"));
        }
        due.Put(Item("modest", "only"));
        Assert.Equal(DueList.MaxOfNamespace + 1, due.Count);
        due.Remove(new ObjectKey("greedy", "o0"));
        due.Put(Item("greedy", "more"));
        Assert.Equal(DueList.MaxOfNamespace + 1, due.Count);
    }

    private static ObjectVersion Item(string space, string name, long generation = 1) => new(new ObjectKey(space, name), generation);

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
