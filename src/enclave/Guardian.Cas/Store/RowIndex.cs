namespace Guardian.Cas.Store;

/// <summary>
/// The digest of every row, and the names of each kind in order: finding, counting and listing cost the same in a small store and in a
/// large one. Not thread-safe.
/// </summary>
internal sealed class RowIndex
{
    private readonly Dictionary<(string Kind, string Name), byte[]> digests;
    private readonly Dictionary<string, SortedSet<string>> names = [];

    /// <param name="digests">The digests, which the index owns from now on.</param>
    public RowIndex(Dictionary<(string Kind, string Name), byte[]> digests)
    {
        this.digests = digests;
        foreach (var kind in digests.Keys.GroupBy(row => row.Kind, row => row.Name))
        {
            // From a list, a set is built in one pass.
            names[kind.Key] = new SortedSet<string>(kind.ToList(), StringComparer.Ordinal);
        }
    }

    /// <summary>The digest of every row.</summary>
    public IReadOnlyDictionary<(string Kind, string Name), byte[]> Digests => digests;

    /// <summary>The number of rows.</summary>
    public int Count => digests.Count;

    /// <summary>The number of rows of a kind.</summary>
    public int CountOf(string kind) => names.GetValueOrDefault(kind)?.Count ?? 0;

    /// <summary>Finds the digest of a row; null when there is no such row.</summary>
    public byte[]? Find((string Kind, string Name) row) => digests.GetValueOrDefault(row);

    /// <summary>Finds the first name of a kind between two names, both included; null when there is none.</summary>
    public string? FindName(string kind, string from, string to) =>
        names.TryGetValue(kind, out var known) && string.CompareOrdinal(from, to) <= 0 ? known.GetViewBetween(from, to).Min : null;

    /// <summary>Notes that a row was written, or removed when there is no digest.</summary>
    public void Set((string Kind, string Name) row, byte[]? digest)
    {
        if (!names.TryGetValue(row.Kind, out var known))
        {
            names[row.Kind] = known = new SortedSet<string>(StringComparer.Ordinal);
        }
        if (digest is null)
        {
            digests.Remove(row);
            known.Remove(row.Name);
        }
        else
        {
            digests[row] = digest;
            known.Add(row.Name);
        }
    }
}
