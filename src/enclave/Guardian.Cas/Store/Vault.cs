using System.Security.Cryptography;
using System.Text.Json;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

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
    private readonly IRowStore store;
    private readonly StoreKey key;
    private readonly AuditKey audit;
    private readonly LogRules rules;
    private readonly TimeProvider time;
    private readonly Func<WitnessDescription, IWitness> connect;
    private readonly StoreReader reader;
    private readonly LogWriter writer;

    private HeldKey held;
    private KeyFile? file;
    private StoreHead? head;
    private AuditState log = AuditState.Empty;

    // Our last write of the head. It is usually unchanged, and then the next read need not decrypt it.
    private byte[]? headRow;
    private RowIndex index = new([]);
    private readonly RowCache cache = new();
    private readonly ParsedRows parsed = new();

    private Vault(
        IRowStore store, HeldKey held, AuditKey audit, LogRules rules, TimeProvider time, Func<WitnessDescription, IWitness> connect,
        Action<string>? progress)
    {
        this.store = store;
        this.held = held;
        key = held.Key;
        this.audit = audit;
        this.rules = rules;
        this.time = time;
        this.connect = connect;
        reader = new StoreReader(key, rules, time, progress);
        writer = new LogWriter(key, audit, rules, time);
        scrub = new StoreScrub(key);
    }

    /// <summary>Opens the store and notes the start in its log. Disposing the vault disposes all it was given.</summary>
    /// <param name="held">The store's key.</param>
    /// <param name="connect">Connects to a witness; null when no witness can be reached.</param>
    /// <param name="first">The owners of a store that has none; a store that has owners must have these. Null for no demand.</param>
    /// <param name="file">Keeps the key; null keeps it in memory only.</param>
    /// <param name="progress">Gets what a long start does; null when nobody wants to know.</param>
    /// <exception cref="InvalidDataException">The store was changed outside the CAS; the message names the rows.</exception>
    /// <exception cref="RefusedException">The store has other owners than <paramref name="first"/>.</exception>
    /// <exception cref="StoreException">The database cannot be used.</exception>
    public static Vault Open(
        IRowStore store, HeldKey held, AuditKey audit, LogRules rules, TimeProvider time,
        Func<WitnessDescription, IWitness>? connect = null, FirstOwners? first = null, KeyFile? file = null,
        Action<string>? progress = null)
    {
        connect ??= place => throw new StoreException($"the witness at {place.Address} cannot be reached from here");
        var vault = new Vault(store, held, audit, rules, time, connect, progress);
        try
        {
            vault.Load(first, file);
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
    public (long Entries, int Rows, int Waiting) Measure() => (head!.Sequence, index.Count, waiting.Count);

    /// <summary>The hash of the log's first line: the identity of the CAS.</summary>
    internal string LogId => log.Log;

    /// <summary>The facts that follow from the log.</summary>
    internal AuditState Log => log;

    /// <summary>MRENCLAVE of this enclave.</summary>
    internal string Code => rules.Code;

    /// <summary>How this enclave came by the key of the store.</summary>
    internal HeldKey Held => held;

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
        try
        {
            Remember();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The file keeps an earlier line, and the next start verifies more.
        }
        DisposeOwned();
    }

    private void DisposeOwned()
    {
        watched?.Witness.Dispose();
        store.Dispose();
        key.Dispose();
        audit.Dispose();
        parsing.Dispose();
    }

    /// <summary>Reads a row from the database; null when there is no such row.</summary>
    /// <param name="parsesLarge">Whether a large row is parsed here; otherwise it is refused until it is parsed.</param>
    /// <exception cref="LargeRowException">The row is large, and not parsed yet.</exception>
    internal T? Read<T>(IRowTransaction transaction, (string Kind, string Name) row, Func<byte[], T> read, bool parsesLarge)
        where T : class
    {
        if (index.Find(row) is not { } digest)
        {
            return null;
        }
        if (cache.Find(row, digest) is { } cached)
        {
            return (T)cached;
        }
        if (transaction.Find(row.Kind, row.Name) is not { } value
            || !CryptographicOperations.FixedTimeEquals(key.Digest(row.Kind, row.Name, value), digest)
            || key.Decrypt(row.Kind, row.Name, value) is not { } plaintext)
        {
            throw new InvalidDataException(
                $"{StoreReader.Describe(row)} was altered, removed or rolled back outside the CAS; restore the database from a copy");
        }
        if (plaintext.Length >= LargeRowException.MinSize && !parsesLarge)
        {
            throw new LargeRowException(() => parsed.Add(row, digest, read(plaintext), plaintext.Length));
        }
        var result = read(plaintext);
        cache.Set(row, digest, result, plaintext.Length);
        return result;
    }

    /// <summary>The rows, without the changes of a batch under way.</summary>
    internal RowIndex Index => index;

    /// <summary>Writes the changes of a batch, and its lines of the log.</summary>
    private void Commit(IRowTransaction transaction, VaultChanges changes)
    {
        if (changes.Entries.Count == 0)
        {
            if (changes.IsProbe)
            {
                ProbeCore(transaction);
            }
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
            StoreReader.Mix(state, index.Find((kind, name)));
            StoreReader.Mix(state, written[(kind, name)]);
        }
        changes.Plain.ForEach(row => transaction.Put(row.Kind, "", row.Value));
        var end = log;
        foreach (var entry in changes.Entries)
        {
            var detail = entry.Detail with { Changes = [.. entry.Rows.Select(row => new RowChange(row.Kind, row.Name, written[row]))] };
            end = writer.Append(transaction, end, entry.Event, detail, entry.Owners, entry.Approved);
        }
        var next = head with { Sequence = end.Sequence, Hash = end.Hash, State = state };
        var nextRow = PutHead(transaction, next);
        CommitNow(transaction);

        (head, headRow, log) = (next, nextRow, end);
        foreach (var (row, digest) in written)
        {
            SetDigest(row, digest);
            if (digest is not null && changes.Rows[row] is { } kept)
            {
                cache.Set(row, digest, kept.Value, kept.Plaintext.Length);
            }
            else
            {
                cache.Remove(row);
            }
        }
    }

    private byte[] PutHead(IRowTransaction transaction, StoreHead next)
    {
        var row = key.Encrypt(StoreReader.HeadKind, "", JsonSerializer.SerializeToUtf8Bytes(next, StoreJson.Default.StoreHead));
        transaction.Put(StoreReader.HeadKind, "", row);
        return row;
    }
}
