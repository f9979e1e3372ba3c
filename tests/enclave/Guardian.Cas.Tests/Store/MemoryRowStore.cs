using Guardian.Cas.Store;

namespace Guardian.Cas.Tests.Store;

/// <summary>A database in memory that fails at a chosen step: before the work of a call, and at a commit before or after it.</summary>
internal sealed class MemoryRowStore : IRowStore
{
    private readonly SortedDictionary<(string Kind, string Name), byte[]> rows;
    private int step;

    public MemoryRowStore() : this(new Dictionary<(string, string), byte[]>())
    {
    }

    public MemoryRowStore(IReadOnlyDictionary<(string Kind, string Name), byte[]> content) =>
        rows = new SortedDictionary<(string Kind, string Name), byte[]>(content.ToDictionary(), Comparer<(string Kind, string Name)>.Create(
            (one, other) => string.CompareOrdinal($"{one.Kind}\0{one.Name}", $"{other.Kind}\0{other.Name}")));

    /// <summary>The step that fails, from 0; -1 is none.</summary>
    public int FailsAt { get; set; } = -1;

    /// <summary>Whether all later steps fail too.</summary>
    public bool StaysDead { get; set; }

    public bool HasFailed { get; private set; }

    /// <summary>Whether every commit fails, and reading goes on.</summary>
    public bool FailsWrites { get; set; }

    /// <summary>Makes a later step fail, counted from now.</summary>
    public void FailNext(int steps) => FailsAt = step + steps;

    public Dictionary<(string Kind, string Name), byte[]> Copy() => rows.ToDictionary();

    public void Set((string, string) row, byte[]? value)
    {
        if (value is null)
        {
            rows.Remove(row);
        }
        else
        {
            rows[row] = value;
        }
    }

    public IRowTransaction Begin()
    {
        Step();
        return new Transaction(this);
    }

    public void Dispose()
    {
    }

    private void Step()
    {
        var now = step++;
        if (FailsAt >= 0 && (now == FailsAt || (StaysDead && now > FailsAt)))
        {
            HasFailed = true;
            throw new StoreException("the test made this step fail");
        }
    }

    private sealed class Transaction(MemoryRowStore store) : IRowTransaction
    {
        private readonly List<((string, string) Row, byte[]? Value)> writes = [];

        public byte[]? Find(string kind, string name)
        {
            store.Step();
            return store.rows.GetValueOrDefault((kind, name));
        }

        public IReadOnlyList<(string Name, byte[] Value)> List(string kind, string after, int count)
        {
            store.Step();
            var rows = store.rows.Where(row => row.Key.Kind == kind && string.CompareOrdinal(row.Key.Name, after) > 0);
            return [.. rows.Take(count).Select(row => (row.Key.Name, row.Value))];
        }

        public string? FindNextKind(string after)
        {
            store.Step();
            return store.rows.Keys.Select(row => row.Kind).Where(kind => string.CompareOrdinal(kind, after) > 0)
                .Min(StringComparer.Ordinal);
        }

        public void Put(string kind, string name, byte[] value)
        {
            store.Step();
            writes.Add(((kind, name), value));
        }

        public void Delete(string kind, string name)
        {
            store.Step();
            writes.Add(((kind, name), null));
        }

        public void Commit()
        {
            store.Step();
            if (store.FailsWrites)
            {
                throw new StoreException("the test made writing fail");
            }
            writes.ForEach(write => store.Set(write.Row, write.Value));
            // Committed, but the answer is lost.
            store.Step();
        }

        public void Dispose()
        {
        }
    }
}
