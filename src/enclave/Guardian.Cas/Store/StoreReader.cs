using System.Security.Cryptography;
using System.Text.Json;
using Guardian.Cas.Client.Audit;

namespace Guardian.Cas.Store;

/// <summary>A store that was read and verified.</summary>
/// <param name="Digests">The digest of each row.</param>
internal sealed record StoreContent(StoreHead Head, AuditState Log, Dictionary<(string Kind, string Name), byte[]> Digests);

/// <summary>Reads a store from untrusted rows, and verifies all of it: rows, head, and the log from its first line on.</summary>
/// <param name="progress">Gets what is read, from time to time; null when nobody wants to know.</param>
internal sealed class StoreReader(StoreKey key, LogRules rules, TimeProvider time, Action<string>? progress = null)
{
    /// <summary>The kind of the one row that holds the <see cref="StoreHead"/>.</summary>
    public const string HeadKind = "head";

    private const int PageSize = 500;

    // Rows take some microseconds each.
    private const int ProgressInterval = 20_000;

    /// <summary>Reads the store; null when it is empty.</summary>
    /// <param name="held">What this enclave knows about the store already.</param>
    /// <exception cref="InvalidDataException">It was changed outside the CAS, or is another store.</exception>
    public StoreContent? Read(IRowTransaction transaction, HeldKey held)
    {
        if (transaction.Find(HeadKind, "") is not { } row)
        {
            return transaction.FindNextKind("") is not null
                ? throw new InvalidDataException(
                    "the store has rows but no head: it was changed outside the CAS; restore the database from a copy")
                : null;
        }
        var head = ReadHead(row);
        progress?.Invoke("verifying its store");
        var rows = ReadDigests(transaction);
        if (!AreOf(rows, head))
        {
            var changes = string.Join("; ", Explain(transaction, head, rows));
            throw new InvalidDataException($"the store was changed outside the CAS: {changes}; restore the database from a copy");
        }
        var log = ReadLog(transaction, head, held);
        return StoreLayout.FindFault(transaction, log) is { } fault
            ? throw new InvalidDataException($"the store was changed outside the CAS: {fault}; restore the database from a copy")
            : new StoreContent(head, log, rows);
    }

    /// <summary>Names the rows that are not those that the CAS wrote last; none when all are.</summary>
    public IReadOnlyList<string> FindChangedRows(IRowTransaction transaction, StoreHead head)
    {
        var rows = ReadDigests(transaction);
        return AreOf(rows, head) ? [] : Explain(transaction, head, rows);
    }

    /// <summary>Decrypts the head.</summary>
    /// <exception cref="InvalidDataException">It was not written under this key.</exception>
    public StoreHead ReadHead(byte[] row) => key.Decrypt(HeadKind, "", row) is { } plaintext
        ? JsonSerializer.Deserialize(plaintext, StoreJson.Default.StoreHead)!
        : throw new InvalidDataException(
            "the store's head was altered outside the CAS, or belongs to another CAS, or its owners recovered it with a new key; "
            + "restore the database from a copy, or join a CAS that has the key");

    /// <summary>Decrypts the detail of a line; null when it was altered.</summary>
    public AuditDetail? ReadDetail(StoreHead head, string name, byte[] line)
    {
        if (AuditLine.TryRead(line) is not { } entry)
        {
            return null;
        }
        using var former = head.Former.FirstOrDefault(each => entry.Payload.Sequence <= each.Through) is { } found
            ? new StoreKey(found.Key)
            : null;
        return (former ?? key).Decrypt("detail", name, entry.Payload.Sealed) is { } plaintext
            ? JsonSerializer.Deserialize(plaintext, AuditJson.Default.AuditDetail)
            : null;
    }

    /// <summary>Verifies the log without any key, from its first line to its last.</summary>
    /// <exception cref="InvalidDataException">A line was altered, or was written by code that the owners did not approve.</exception>
    public static AuditState ReadLog(IRowTransaction transaction, LogRules rules, DateTimeOffset now) =>
        ReadLog(transaction, rules.Continue(AuditState.Empty, now), long.MaxValue);

    /// <summary>Reads all rows of a kind after a name.</summary>
    public static IEnumerable<(string Name, byte[] Value)> ReadRows(IRowTransaction transaction, string kind, string after)
    {
        for (var page = transaction.List(kind, after, PageSize); page.Count > 0; page = transaction.List(kind, page[^1].Name, PageSize))
        {
            foreach (var row in page)
            {
                yield return row;
            }
        }
    }

    /// <summary>Adds or removes a digest.</summary>
    public static void Mix(byte[] state, byte[]? digest)
    {
        for (var i = 0; digest is not null && i < state.Length; i++)
        {
            state[i] ^= digest[i];
        }
    }

    /// <summary>Describes a row to people.</summary>
    public static string Describe((string Kind, string Name) row) => $"{row.Kind} '{row.Name}'";

    private AuditState ReadLog(IRowTransaction transaction, StoreHead head, HeldKey held)
    {
        if (held.Log is { } own && own != head.Log)
        {
            throw new InvalidDataException($"this is the store of the CAS {head.Log}, but the key belongs to {own}");
        }
        progress?.Invoke($"verifying the {head.Sequence} entries of its log");
        // The sealed state saves work: up to its line, the hashes alone show that every line is there.
        var known = held.Known ?? AuditState.Empty;
        if (known.Sequence > head.Sequence)
        {
            throw OlderCopy($"ends with entry {head.Sequence} of its log, but this machine has seen entry {known.Sequence}");
        }
        if (LogWalk.FindFault(transaction, known.Sequence, known.Hash) is { } fault)
        {
            throw LogWalk.FindFault(transaction, head.Sequence, head.Hash) is null
                ? OlderCopy($"has another entry {known.Sequence} than the one that this machine has seen")
                : new InvalidDataException($"the store's log was changed outside the CAS: {fault}; restore the database from a copy");
        }
        var log = ReadLog(transaction, rules.Continue(known, time.GetUtcNow()), head.Sequence);
        if (log.Sequence != head.Sequence || log.Hash != head.Hash || log.Log != head.Log)
        {
            throw new InvalidDataException(
                (log.Sequence < head.Sequence ? $"entry {log.Sequence + 1} is missing: " : "")
                + $"the store's log has {log.Sequence} entries, and they do not end at its head: it was changed outside the CAS; "
                + "restore the database from a copy");
        }
        if (!log.StoreKey.AsSpan().SequenceEqual(key.Commitment))
        {
            throw new InvalidDataException(
                "the store's key is not the key of its log: somebody made the rows of this store outside a CAS; do not use it");
        }
        if (!log.Code.Contains(rules.Code))
        {
            throw new InvalidDataException(
                $"the owners of this CAS have not approved this code, mrenclave {rules.Code}; "
                + "have them approve it where the CAS runs now: guardian cas upgrade");
        }
        return log;
    }

    private static InvalidDataException OlderCopy(string fact) => new(
        $"the database {fact}: it is an older copy, or one that another CAS continued; use the newest copy, or, when there is none, "
        + "accept that what came later is lost: guardian cas start --restored");

    private static AuditState ReadLog(IRowTransaction transaction, AuditChain chain, long end)
    {
        foreach (var (name, line) in ReadRows(transaction, LogWriter.Kind, AuditLine.NameOf(chain.State.Sequence)))
        {
            if (chain.State.Sequence == end)
            {
                break;
            }
            var refusal = name == AuditLine.NameOf(chain.State.Sequence + 1) ? chain.Append(line) : null;
            if (refusal is not null || name != AuditLine.NameOf(chain.State.Sequence))
            {
                throw new InvalidDataException(
                    $"the store's log does not verify: {refusal?.Detail ?? $"entry {chain.State.Sequence + 1} is missing"}");
            }
        }
        return chain.State;
    }

    private static bool AreOf(Dictionary<(string Kind, string Name), byte[]> rows, StoreHead head)
    {
        var state = new byte[StoreKey.DigestSize];
        foreach (var digest in rows.Values)
        {
            Mix(state, digest);
        }
        return CryptographicOperations.FixedTimeEquals(state, head.State);
    }

    private Dictionary<(string Kind, string Name), byte[]> ReadDigests(IRowTransaction transaction)
    {
        var rows = new Dictionary<(string, string), byte[]>();
        using var hash = key.CreateDigestHash();
        foreach (var kind in VaultTransaction.Kinds)
        {
            foreach (var (name, value) in ReadRows(transaction, kind, ""))
            {
                rows[(kind, name)] = StoreKey.Digest(hash, kind, name, value);
                if (rows.Count % ProgressInterval == 0)
                {
                    progress?.Invoke($"verifying its store, row {rows.Count}");
                }
            }
        }
        return rows;
    }

    // The log holds the digest of each row. When the log is damaged too, the rows cannot be named.
    private List<string> Explain(IRowTransaction transaction, StoreHead head, Dictionary<(string Kind, string Name), byte[]> found)
    {
        var expected = new Dictionary<(string, string), byte[]>();
        foreach (var (name, line) in ReadRows(transaction, LogWriter.Kind, ""))
        {
            if (ReadDetail(head, name, line) is not { } detail)
            {
                return [$"line {name} of its log was altered, and rows do not match its head"];
            }
            foreach (var change in detail.Changes)
            {
                var row = (change.Kind, change.Name);
                if (change.Digest is null)
                {
                    expected.Remove(row);
                }
                else
                {
                    expected[row] = change.Digest;
                }
            }
        }
        var wrong = expected.Keys.Union(found.Keys)
            .Where(row => !(expected.GetValueOrDefault(row) ?? []).AsSpan().SequenceEqual(found.GetValueOrDefault(row) ?? []))
            .Select(row => $"{Describe(row)} {(found.ContainsKey(row) ? "was altered or rolled back" : "was removed")}")
            .Take(10).ToList();
        return wrong.Count > 0 ? wrong : ["its head does not belong to its rows"];
    }
}
