using System.Security.Cryptography;
using System.Text.Json;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Protocol;

namespace Guardian.Cas.Store;

/// <summary>
/// The CAS's store: encrypted rows on untrusted storage, changed together with the audit log. A caller that finds it idle does its work on
/// its own thread. Work that arrives meanwhile becomes one transaction, so that each durable commit serves many callers. Thread-safe.
/// </summary>
/// <remarks>
/// The vault keeps a digest of every row in memory. It refuses a row that was altered, exchanged, removed or rolled back, and a head that
/// was rolled back. When another replica has moved the head, the replica's lines of the log name the changed rows.
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

    // Our last write of the head. It is usually unchanged, and then the next read need not decrypt it.
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
    /// <param name="connect">Connects to a witness; null when no witness can be reached.</param>
    /// <exception cref="InvalidDataException">The store was changed outside the CAS; the message names the rows.</exception>
    /// <exception cref="StoreException">The database cannot be used.</exception>
    public static Vault Open(
        IRowStore store, StoreKey key, AuditKey audit, TimeProvider time, Func<WitnessDescription, IWitness>? connect = null)
    {
        connect ??= place => throw new StoreException($"the witness at {place.Address} cannot be reached from here");
        var vault = new Vault(store, key, audit, time, connect);
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

    /// <summary>Signs the statement of where the log ends.</summary>
    public byte[] SignHead(AuditHead end) => audit.SignHead(end);

    /// <summary>Counts the entries of the log, the rows of the store, and the waiting callers.</summary>
    public (long Entries, int Rows, int Waiting) Measure() => (head!.Sequence, digests.Count, waiting.Count);

    /// <summary>The hash of the log's first line.</summary>
    internal string LogId => head!.Log;

    /// <summary>The key of the store. It leaves the enclave only encrypted, or to another enclave of this CAS.</summary>
    public StoreKey Key => key;

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

    /// <summary>Reads a row from the database; null when there is no such row.</summary>
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
            throw new InvalidDataException(
                $"{Describe(row)} was altered, removed or rolled back outside the CAS; restore the database from a copy");
        }
        var result = read(plaintext);
        Cache(row, digest, result);
        return result;
    }

    /// <summary>Lists the names of a kind's rows that begin with a prefix.</summary>
    internal IEnumerable<string> ListNames(string kind, string prefix) =>
        digests.Keys.Where(row => row.Kind == kind && row.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(row => row.Name);

    /// <summary>Writes the changes of a batch, and its lines of the log.</summary>
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
            SetDigest(digests, row, digest);
            if (digest is not null)
            {
                Cache(row, digest, changes.Rows[row]!.Value.Value);
            }
        }
    }

    private string Append(
        IRowTransaction transaction, long sequence, string previous, string name, byte[]? statement, AuditDetail detail)
    {
        var row = AuditLine.NameOf(sequence);
        var hidden = key.Encrypt("detail", row, JsonSerializer.SerializeToUtf8Bytes(detail, AuditJson.Default.AuditDetail));
        var payload = new AuditPayload(
            sequence, $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ}", name, previous, audit.Id, statement, hidden);
        var line = AuditLine.Write(payload, audit.Key);
        transaction.Put(LogKind, row, line);
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
        // Only parsed documents are large, and most CASes have fewer.
        if (cache.Count >= 10_000)
        {
            cache.Clear();
        }
        cache[row] = (digest, value);
    }

    private static void SetDigest(Dictionary<(string, string), byte[]> digests, (string, string) row, byte[]? digest)
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
