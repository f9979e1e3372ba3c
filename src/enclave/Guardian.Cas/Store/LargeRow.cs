namespace Guardian.Cas.Store;

/// <summary>
/// A row that takes long to parse was needed. Strangers choose the sizes of their sessions, and all callers wait for the thread that works
/// on the store, so the row is parsed outside of it, and the work is done again.
/// </summary>
internal sealed class LargeRowException(Action parse) : Exception("a large row must be parsed first")
{
    /// <summary>The size from which a row is parsed outside, in bytes: a few milliseconds.</summary>
    public const int MinSize = 32 * 1024;

    /// <summary>Parses the row, and remembers the result.</summary>
    public void Parse() => parse();
}

/// <summary>Parsed rows that wait for the next transaction, which takes them into the cache of the vault. Thread-safe.</summary>
internal sealed class ParsedRows
{
    private readonly Lock gate = new();
    private readonly List<((string Kind, string Name) Row, byte[] Digest, object Value, int Size)> rows = [];

    /// <summary>Adds a row.</summary>
    public void Add((string Kind, string Name) row, byte[] digest, object value, int size)
    {
        lock (gate)
        {
            rows.Add((row, digest, value, size));
        }
    }

    /// <summary>Moves all rows to a cache.</summary>
    public void MoveTo(RowCache cache)
    {
        lock (gate)
        {
            rows.ForEach(each => cache.Set(each.Row, each.Digest, each.Value, each.Size));
            rows.Clear();
        }
    }
}
