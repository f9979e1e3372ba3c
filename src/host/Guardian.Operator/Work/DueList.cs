using Guardian.Operator.Objects;

namespace Guardian.Operator.Work;

/// <summary>
/// The objects, and when each is looked at next. Namespaces take turns, and each has a bound, so none of them keeps the others waiting.
/// Thread-safe.
/// </summary>
internal sealed class DueList(TimeProvider time)
{
    /// <summary>The time between two looks at an object that is accepted: somebody else can change a session.</summary>
    public static readonly TimeSpan AcceptedPause = TimeSpan.FromMinutes(10);

    /// <summary>The objects of a namespace that are looked at; further ones wait until others are deleted.</summary>
    public const int MaxOfNamespace = 1_000;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly Dictionary<ObjectKey, Entry> entries = [];
    private readonly Dictionary<string, int> counts = [];
    private readonly Dictionary<string, long> turns = [];
    private long turn;

    /// <summary>The number of objects.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return entries.Count;
            }
        }
    }

    /// <summary>Adds an object, or takes note of its change. One whose specification is new is due at once.</summary>
    public void Put(ObjectVersion item)
    {
        lock (gate)
        {
            if (entries.TryGetValue(item.Key, out var known))
            {
                entries[item.Key] = known.Item == item ? known : new Entry(item, time.GetUtcNow(), FirstPause);
            }
            else if (counts.GetValueOrDefault(item.Key.Namespace) < MaxOfNamespace)
            {
                counts[item.Key.Namespace] = counts.GetValueOrDefault(item.Key.Namespace) + 1;
                entries[item.Key] = new Entry(item, time.GetUtcNow(), FirstPause);
            }
        }
    }

    /// <summary>Removes an object.</summary>
    public void Remove(ObjectKey key)
    {
        lock (gate)
        {
            if (entries.Remove(key) && --counts[key.Namespace] == 0)
            {
                counts.Remove(key.Namespace);
                turns.Remove(key.Namespace);
            }
        }
    }

    /// <summary>Replaces all objects by those of a new list.</summary>
    public void Replace(IReadOnlyList<ObjectVersion> items)
    {
        lock (gate)
        {
            foreach (var gone in entries.Keys.Except(items.Select(item => item.Key)).ToList())
            {
                Remove(gone);
            }
            foreach (var item in items)
            {
                Put(item);
            }
        }
    }

    /// <summary>Finds the next object that is due, of the namespace whose turn is the longest ago; null when none is due.</summary>
    public ObjectVersion? FindDue()
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            var due = entries.Values.Where(entry => entry.Due <= now)
                .OrderBy(entry => turns.GetValueOrDefault(entry.Item.Key.Namespace)).ThenBy(entry => entry.Due).FirstOrDefault();
            if (due is not null)
            {
                turns[due.Item.Key.Namespace] = ++turn;
            }
            return due?.Item;
        }
    }

    /// <summary>Sets when an object is due next. One that is not accepted waits longer each time: what it lacks may come.</summary>
    /// <param name="item">The object as it was looked at.</param>
    /// <param name="isAccepted">Whether the CAS has it.</param>
    public void Postpone(ObjectVersion item, bool isAccepted)
    {
        lock (gate)
        {
            if (!entries.TryGetValue(item.Key, out var known) || known.Item != item)
            {
                return;
            }
            entries[item.Key] = isAccepted
                ? known with { Due = time.GetUtcNow() + AcceptedPause, Pause = FirstPause }
                : known with { Due = time.GetUtcNow() + known.Pause, Pause = Shorter(known.Pause * 2, AcceptedPause) };
        }
    }

    private static TimeSpan Shorter(TimeSpan first, TimeSpan second) => first < second ? first : second;

    private sealed record Entry(ObjectVersion Item, DateTimeOffset Due, TimeSpan Pause);
}
