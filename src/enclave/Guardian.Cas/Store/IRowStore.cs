namespace Guardian.Cas.Store;

/// <summary>Rows of bytes on untrusted storage. The vault encrypts them and detects every change that is not its own.</summary>
internal interface IRowStore : IDisposable
{
    /// <summary>Begins a transaction that excludes every other one, here and on other replicas, until it is disposed.</summary>
    /// <exception cref="StoreException">The database cannot be used now.</exception>
    IRowTransaction Begin();
}

/// <summary>A transaction: <see cref="Commit"/> applies all of it or nothing. Every call may throw <see cref="StoreException"/>,
/// and <see cref="InvalidDataException"/> for a table that no CAS made.</summary>
internal interface IRowTransaction : IDisposable
{
    /// <summary>Finds a row's value; null when there is no such row.</summary>
    byte[]? Find(string kind, string name);

    /// <summary>Lists rows of a kind in the order of their names' bytes, beginning after a name.</summary>
    IReadOnlyList<(string Name, byte[] Value)> List(string kind, string after, int count);

    /// <summary>Finds the first kind of rows, in the order of bytes, after a kind; null when there is none.</summary>
    string? FindNextKind(string after);

    /// <summary>Writes a row.</summary>
    void Put(string kind, string name, byte[] value);

    /// <summary>Removes a row if it exists.</summary>
    void Delete(string kind, string name);

    /// <summary>Applies the changes, which are durable when it returns. After an exception they may have happened or not.</summary>
    void Commit();
}

/// <summary>The database cannot be used now: it is full, locked, unreachable or broken.</summary>
internal sealed class StoreException(string message, Exception? inner = null) : IOException(message, inner);
