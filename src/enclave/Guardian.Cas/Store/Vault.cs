using System.Security.Cryptography;
using System.Text.Json;
using Guardian.Cas.Audit;
using Guardian.Cas.Client;
using Guardian.Cas.Recovery;

namespace Guardian.Cas.Store;

/// <summary>
/// The CAS's store: encrypted rows on untrusted storage, changed together with the audit log. Who finds it idle does the work on its own thread; what is
/// asked in the meantime is one transaction afterwards, so that each durable commit serves many callers. Thread-safe.
/// </summary>
/// <remarks>
/// In memory stands a digest of every row. A row that is not what it should be (altered, exchanged, removed, put back) is refused, and a head that went
/// back as well. When another replica has moved the head, its lines of the log say which rows changed.
/// </remarks>
internal sealed partial class Vault : IDisposable
{
    private const string HeadKind = "head";
    private const string LogKind = "log";

    private readonly IRowStore store;
    private readonly StoreKey key;
    private readonly AuditKey audit;
    private readonly TimeProvider time;
    private readonly Func<WitnessDescription, IWitness> connect;

    private StoreHead? head;

    // As this CAS wrote it last: mostly it stands there still, and need not be decrypted to know it.
    private byte[]? headRow;
    private Dictionary<(string Kind, string Name), byte[]> digests = [];
    private readonly Dictionary<(string Kind, string Name), (byte[] Digest, object Value)> cache = [];

    private Vault(IRowStore store, StoreKey key, AuditKey audit, TimeProvider time, Func<WitnessDescription, IWitness> connect)
    {
        this.store = store;
        this.key = key;
        this.audit = audit;
        this.time = time;
        this.connect = connect;
    }

    /// <summary>Opens the store and notes the start in its log. Disposing the vault disposes all it was given.</summary>
    /// <param name="connect">Reaches a witness; null where none can be reached.</param>
    /// <exception cref="InvalidDataException">The store was changed outside the CAS; the message says what.</exception>
    /// <exception cref="StoreException">The database cannot be used.</exception>
    public static Vault Open(IRowStore store, StoreKey key, AuditKey audit, TimeProvider time, Func<WitnessDescription, IWitness>? connect = null)
    {
        var vault = new Vault(store, key, audit, time, connect ?? (place => throw new StoreException($"the witness at {place.Address} cannot be reached from here")));
        try
        {
            vault.Load();
        }
        catch
        {
            vault.DisposeOwned();
            throw;
        }
        return vault;
    }

    /// <summary>Signs where the log ends.</summary>
    public byte[] SignHead(AuditHead end) => audit.SignHead(end);

    /// <summary>How many entries the log has, rows the store, and callers wait.</summary>
    public (long Entries, int Rows, int Waiting) Measure() => (head!.Sequence, digests.Count, waiting.Count);

    /// <summary>The hash of the log's first line.</summary>
    internal string LogId => head!.Log;

    /// <summary>Splits the store's key among owners.</summary>
    public byte[] Split(IReadOnlyList<string> owners, int threshold) => KeyRecovery.Split(key, owners, threshold);

    /// <summary>The store's key, for another enclave of this CAS.</summary>
    public byte[] CopyKey() => key.Value.ToArray();

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (waiting)
        {
            if (isClosed)
            {
                return;
            }
            isClosed = true;
            while (isWorking)
            {
                Monitor.Wait(waiting);
            }
        }
        DisposeOwned();
    }

    private void DisposeOwned()
    {
        watched?.Witness.Dispose();
        store.Dispose();
        key.Dispose();
        audit.Dispose();
    }

    /// <summary>A row as it stands in the database; null when there is none.</summary>
    internal T? Read<T>(IRowTransaction transaction, (string Kind, string Name) row, Func<byte[], T> read) where T : class
    {
        if (!digests.TryGetValue(row, out var digest))
        {
            return null;
        }
        if (cache.TryGetValue(row, out var cached) && cached.Digest.AsSpan().SequenceEqual(digest))
        {
            return (T)cached.Value;
        }
        if (transaction.Find(row.Kind, row.Name) is not { } value
            || !CryptographicOperations.FixedTimeEquals(key.Digest(row.Kind, row.Name, value), digest)
            || key.Decrypt(row.Kind, row.Name, value) is not { } plaintext)
        {
            throw new InvalidDataException($"{Describe(row)} was altered, removed or put back outside the CAS; restore the database from a copy");
        }
        var result = read(plaintext);
        Cache(row, digest, result);
        return result;
    }

    /// <summary>Names of the rows of a kind that begin so.</summary>
    internal IEnumerable<string> Names(string kind, string prefix) =>
        digests.Keys.Where(row => row.Kind == kind && row.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(row => row.Name);

    /// <summary>Writes everything a batch changed, and its lines of the log.</summary>
    private void Commit(IRowTransaction transaction, VaultChanges changes)
    {
        if (changes.Entries.Count == 0)
        {
            return;
        }
        var state = head!.State.ToArray();
        var written = new Dictionary<(string Kind, string Name), byte[]?>();
        foreach (var ((kind, name), row) in changes.Rows)
        {
            var value = row is null ? null : key.Encrypt(kind, name, row.Value.Plaintext);
            if (value is null)
            {
                transaction.Delete(kind, name);
            }
            else
            {
                transaction.Put(kind, name, value);
            }
            written[(kind, name)] = value is null ? null : key.Digest(kind, name, value);
            Mix(state, digests.GetValueOrDefault((kind, name)));
            Mix(state, written[(kind, name)]);
        }
        changes.Plain.ForEach(row => transaction.Put(row.Kind, "", row.Value));
        var (sequence, hash) = (head.Sequence, head.Hash);
        foreach (var entry in changes.Entries)
        {
            var detail = entry.Detail with { Changes = [.. entry.Rows.Select(row => new RowChange(row.Kind, row.Name, written[row]))] };
            hash = Append(transaction, ++sequence, hash, entry.Event, null, detail);
        }
        var next = head with { Sequence = sequence, Hash = hash, State = state, Witness = changes.Witness };
        var nextRow = PutHead(transaction, next);
        transaction.Commit();

        (head, headRow) = (next, nextRow);
        foreach (var (row, digest) in written)
        {
            Remember(digests, row, digest);
            if (digest is not null)
            {
                Cache(row, digest, changes.Rows[row]!.Value.Value);
            }
        }
    }

    private string Append(IRowTransaction transaction, long sequence, string previous, string what, byte[]? statement, AuditDetail detail)
    {
        var name = AuditLine.NameOf(sequence);
        var hidden = key.Encrypt("detail", name, JsonSerializer.SerializeToUtf8Bytes(detail, AuditJson.Default.AuditDetail));
        var line = AuditLine.Write(
            new AuditPayload(sequence, $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ}", what, previous, audit.Id, statement, hidden), audit.Key);
        transaction.Put(LogKind, name, line);
        return AuditLine.Hash(line);
    }

    private byte[] PutHead(IRowTransaction transaction, StoreHead next)
    {
        var row = key.Encrypt(HeadKind, "", JsonSerializer.SerializeToUtf8Bytes(next, StoreJson.Default.StoreHead));
        transaction.Put(HeadKind, "", row);
        return row;
    }

    private void Cache((string, string) row, byte[] digest, object value)
    {
        // Only parsed documents are large; a CAS has thousands of them at most.
        if (cache.Count >= 10_000)
        {
            cache.Clear();
        }
        cache[row] = (digest, value);
    }

    private static void Remember(Dictionary<(string, string), byte[]> digests, (string, string) row, byte[]? digest)
    {
        if (digest is null)
        {
            digests.Remove(row);
        }
        else
        {
            digests[row] = digest;
        }
    }

    private static void Mix(byte[] state, byte[]? digest)
    {
        for (var i = 0; digest is not null && i < state.Length; i++)
        {
            state[i] ^= digest[i];
        }
    }
}
