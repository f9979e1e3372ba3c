using System.Security.Cryptography;
using System.Text.Json;
using Guardian.Cas.Audit;

namespace Guardian.Cas.Store;

/// <summary>Opening the store, and following what other replicas wrote.</summary>
internal sealed partial class Vault
{
    private const int PageSize = 500;

    private void Load()
    {
        using var transaction = store.Begin();
        if (ReadHead(transaction) is { } found)
        {
            var rows = ReadDigests(transaction);
            var state = new byte[StoreKey.DigestSize];
            foreach (var digest in rows.Values)
            {
                Mix(state, digest);
            }
            if (!CryptographicOperations.FixedTimeEquals(state, found.State))
            {
                throw new InvalidDataException($"the store was changed outside the CAS: {string.Join("; ", Explain(transaction, rows))}; restore the database from a copy");
            }
            (head, digests) = (found, rows);
        }
        else if (transaction.List(LogKind, "", 1).Count > 0 || VaultTransaction.Kinds.Any(kind => transaction.List(kind, "", 1).Count > 0))
        {
            throw new InvalidDataException("the store has rows but no head: it was changed outside the CAS; restore the database from a copy");
        }
        var (sequence, previous) = ((head?.Sequence ?? 0) + 1, head?.Hash ?? AuditLine.Origin);
        var hash = Append(
            transaction, sequence, previous, "started", audit.Introduce(sequence, previous),
            // Two stores that begin at the same instant with the same rows are still two.
            new AuditDetail("cas", audit.Id, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), []));
        head = new StoreHead(sequence, hash, head?.Log ?? hash, head?.State ?? new byte[StoreKey.DigestSize], head?.Witness);
        headRow = PutHead(transaction, head);
        transaction.Commit();
    }

    private StoreHead? ReadHead(IRowTransaction transaction)
    {
        if (transaction.Find(HeadKind, "") is not { } value)
        {
            return null;
        }
        if (headRow is not null && value.AsSpan().SequenceEqual(headRow))
        {
            return head;
        }
        return key.Decrypt(HeadKind, "", value) is { } plaintext
            ? JsonSerializer.Deserialize(plaintext, StoreJson.Default.StoreHead)
            : throw new InvalidDataException("the store's head was altered outside the CAS, or belongs to another CAS; restore the database from a copy");
    }

    private Dictionary<(string Kind, string Name), byte[]> ReadDigests(IRowTransaction transaction)
    {
        var rows = new Dictionary<(string, string), byte[]>();
        foreach (var kind in VaultTransaction.Kinds)
        {
            foreach (var (name, value) in Rows(transaction, kind, ""))
            {
                rows[(kind, name)] = key.Digest(kind, name, value);
            }
        }
        return rows;
    }

    // The log knows what each row should be; without a whole log it can only be said that something is wrong.
    private List<string> Explain(IRowTransaction transaction, Dictionary<(string Kind, string Name), byte[]> found)
    {
        var expected = new Dictionary<(string, string), byte[]>();
        foreach (var (name, line) in Rows(transaction, LogKind, ""))
        {
            if (Detail(name, line) is not { } detail)
            {
                return [$"line {name} of its log was altered, and rows do not match its head"];
            }
            foreach (var change in detail.Changes)
            {
                Remember(expected, (change.Kind, change.Name), change.Digest);
            }
        }
        var wrong = expected.Keys.Union(found.Keys)
            .Where(row => !(expected.GetValueOrDefault(row) ?? []).AsSpan().SequenceEqual(found.GetValueOrDefault(row) ?? []))
            .Select(row => $"{Describe(row)} {(found.ContainsKey(row) ? "was altered or put back to an earlier state" : "was removed")}")
            .Take(10).ToList();
        return wrong.Count > 0 ? wrong : ["its head does not belong to its rows"];
    }

    /// <summary>Reads what other replicas wrote since, and makes sure that nothing went back.</summary>
    private void Follow(IRowTransaction transaction)
    {
        var found = ReadHead(transaction) ?? throw new InvalidDataException("the store's head was removed outside the CAS; restore the database from a copy");
        if (found.Sequence == head!.Sequence && found.Hash == head.Hash)
        {
            return;
        }
        if (found.Log != head.Log || found.Sequence <= head.Sequence)
        {
            throw new InvalidDataException($"the store was rolled back outside the CAS, from entry {head.Sequence} to {found.Sequence} of its log; restore the newest copy of the database");
        }
        var (hash, next) = (head.Hash, head.Sequence);
        var changes = new Dictionary<(string Kind, string Name), byte[]?>();
        foreach (var (name, line) in Rows(transaction, LogKind, AuditLine.NameOf(head.Sequence)))
        {
            if (next++ == found.Sequence)
            {
                break;
            }
            if (name != AuditLine.NameOf(next) || AuditLine.TryRead(line) is not { } entry || entry.Payload.Previous != hash || Detail(name, line) is not { } detail)
            {
                throw new InvalidDataException($"entry {name} of the store's log was altered outside the CAS; restore the database from a copy");
            }
            hash = AuditLine.Hash(line);
            foreach (var change in detail.Changes)
            {
                changes[(change.Kind, change.Name)] = change.Digest;
            }
        }
        if (hash != found.Hash)
        {
            throw new InvalidDataException("the store's log ends before its head: it was changed outside the CAS; restore the database from a copy");
        }
        foreach (var (row, digest) in changes)
        {
            Remember(digests, row, digest);
        }
        (head, headRow) = (found, null);
    }

    /// <summary>Lines of the log.</summary>
    internal (IReadOnlyList<(byte[] Line, AuditDetail Detail)> Lines, StoreHead Head) Log(IRowTransaction transaction, long after, int count) =>
        ([.. transaction.List(LogKind, AuditLine.NameOf(after), count).Select(row => (row.Value, Detail(row.Name, row.Value)
            ?? throw new InvalidDataException($"entry {row.Name} of the store's log was altered outside the CAS; restore the database from a copy")))], head!);

    private AuditDetail? Detail(string name, byte[] line) =>
        AuditLine.TryRead(line) is { } entry && key.Decrypt("detail", name, entry.Payload.Sealed) is { } plaintext
            ? JsonSerializer.Deserialize(plaintext, AuditJson.Default.AuditDetail)
            : null;

    private static IEnumerable<(string Name, byte[] Value)> Rows(IRowTransaction transaction, string kind, string after)
    {
        for (var page = transaction.List(kind, after, PageSize); page.Count > 0; page = transaction.List(kind, page[^1].Name, PageSize))
        {
            foreach (var row in page)
            {
                yield return row;
            }
        }
    }

    private static string Describe((string Kind, string Name) row) => $"{row.Kind} '{row.Name}'";
}
