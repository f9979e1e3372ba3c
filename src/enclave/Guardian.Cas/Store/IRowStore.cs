namespace Guardian.Cas.Store;

/// <summary>Rows of bytes on storage that nobody trusts: the vault encrypts them, and notices every change that is not its own.</summary>
internal interface IRowStore : IDisposable
{
    /// <summary>Begins a transaction that excludes every other, here and on other replicas, until it is disposed.</summary>
    /// <exception cref="StoreException">The database cannot be used now.</exception>
    IRowTransaction Begin();
}

/// <summary>A transaction: all of it happens at <see cref="Commit"/>, or nothing. Every call may throw <see cref="StoreException"/>.</summary>
internal interface IRowTransaction : IDisposable
{
    /// <summary>A row's value, or null.</summary>
    byte[]? Find(string kind, string name);

    /// <summary>Rows of a kind in the order of their names' bytes, after a name.</summary>
    IReadOnlyList<(string Name, byte[] Value)> List(string kind, string after, int count);

    /// <summary>Writes a row.</summary>
    void Put(string kind, string name, byte[] value);

    /// <summary>Removes a row, if it is there.</summary>
    void Delete(string kind, string name);

    /// <summary>Makes it so, and durable before it returns. After an exception it may have happened or not.</summary>
    void Commit();
}

/// <summary>The database cannot be used now: it is full, locked, unreachable or broken.</summary>
internal sealed class StoreException(string message, Exception? inner = null) : IOException(message, inner);
