namespace Guardian.Cas.Store;

/// <summary>Remembers what rows mean, so that a session is not decrypted and parsed at each call. Not thread-safe.</summary>
internal sealed class RowCache
{
    // Only parsed documents are large, and most CASs have fewer.
    private const int MaxRows = 10_000;

    // Strangers choose the sizes of their sessions. A parsed one takes several times the size of its row.
    private const long MaxBytes = 64 * 1024 * 1024;

    private readonly Dictionary<(string Kind, string Name), (byte[] Digest, object Value)> rows = [];
    private long bytes;

    /// <summary>Finds the value of a row that has a digest; null when it is not known.</summary>
    public object? Find((string Kind, string Name) row, byte[] digest) =>
        rows.TryGetValue(row, out var known) && known.Digest.AsSpan().SequenceEqual(digest) ? known.Value : null;

    /// <summary>Remembers the value of a row.</summary>
    /// <param name="size">The size of the row, in bytes.</param>
    public void Set((string Kind, string Name) row, byte[] digest, object value, int size)
    {
        bytes += size;
        if (rows.Count >= MaxRows || bytes > MaxBytes)
        {
            rows.Clear();
            bytes = size;
        }
        rows[row] = (digest, value);
    }

    /// <summary>Forgets a row that was removed.</summary>
    public void Remove((string Kind, string Name) row) => rows.Remove(row);
}
