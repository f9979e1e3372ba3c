using System.Security.Cryptography;
using System.Text.Json;
using Guardian.Cas.Client.Audit;

namespace Guardian.Cas.Store;

/// <summary>Opens the store, and follows the changes of other replicas.</summary>
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
                var changes = string.Join("; ", Explain(transaction, rows));
                throw new InvalidDataException($"the store was changed outside the CAS: {changes}; restore the database from a copy");
            }
            (head, digests) = (found, rows);
        }
        else if (transaction.List(LogKind, "", 1).Count > 0 || VaultTransaction.Kinds.Any(kind => transaction.List(kind, "", 1).Count > 0))
        {
            throw new InvalidDataException(
                "the store has rows but no head: it was changed outside the CAS; restore the database from a copy");
        }
        var (sequence, previous) = ((head?.Sequence ?? 0) + 1, head?.Hash ?? AuditLine.Origin);
        var hash = Append(
            transaction, sequence, previous, "started", audit.Introduce(sequence, previous),
            // Random, so that two stores that begin at the same instant have different logs.
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
            : throw new InvalidDataException(
                "the store's head was altered outside the CAS, or belongs to another CAS; restore the database from a copy");
    }

    private Dictionary<(string Kind, string Name), byte[]> ReadDigests(IRowTransaction transaction)
    {
        var rows = new Dictionary<(string, string), byte[]>();
        foreach (var kind in VaultTransaction.Kinds)
        {
            foreach (var (name, value) in ReadRows(transaction, kind, ""))
            {
                rows[(kind, name)] = key.Digest(kind, name, value);
            }
        }
        return rows;
    }

    // The log holds the digest of each row. When the log is damaged too, the rows cannot be named.
    private List<string> Explain(IRowTransaction transaction, Dictionary<(string Kind, string Name), byte[]> found)
    {
        var expected = new Dictionary<(string, string), byte[]>();
        foreach (var (name, line) in ReadRows(transaction, LogKind, ""))
        {
            if (ReadDetail(name, line) is not { } detail)
            {
                return [$"line {name} of its log was altered, and rows do not match its head"];
            }
            foreach (var change in detail.Changes)
            {
                SetDigest(expected, (change.Kind, change.Name), change.Digest);
            }
        }
        var wrong = expected.Keys.Union(found.Keys)
            .Where(row => !(expected.GetValueOrDefault(row) ?? []).AsSpan().SequenceEqual(found.GetValueOrDefault(row) ?? []))
            .Select(row => $"{Describe(row)} {(found.ContainsKey(row) ? "was altered or rolled back" : "was removed")}")
            .Take(10).ToList();
        return wrong.Count > 0 ? wrong : ["its head does not belong to its rows"];
    }

    /// <summary>Reads the changes of other replicas, and refuses a store that was rolled back.</summary>
    private void Follow(IRowTransaction transaction)
    {
        var found = ReadHead(transaction)
            ?? throw new InvalidDataException("the store's head was removed outside the CAS; restore the database from a copy");
        if (found.Sequence == head!.Sequence && found.Hash == head.Hash)
        {
            return;
        }
        if (found.Log != head.Log || found.Sequence <= head.Sequence)
        {
            throw new InvalidDataException(
                $"the store was rolled back outside the CAS, from entry {head.Sequence} to {found.Sequence} of its log; "
                + "restore the newest copy of the database");
        }
        var (hash, next) = (head.Hash, head.Sequence);
        var changes = new Dictionary<(string Kind, string Name), byte[]?>();
        foreach (var (name, line) in ReadRows(transaction, LogKind, AuditLine.NameOf(head.Sequence)))
        {
            if (next++ == found.Sequence)
            {
                break;
            }
            if (name != AuditLine.NameOf(next) || AuditLine.TryRead(line)?.Payload.Previous != hash
                || ReadDetail(name, line) is not { } detail)
            {
                throw AlteredEntry(name);
            }
            hash = AuditLine.Hash(line);
            foreach (var change in detail.Changes)
            {
                changes[(change.Kind, change.Name)] = change.Digest;
            }
        }
        if (hash != found.Hash)
        {
            throw new InvalidDataException(
                "the store's log ends before its head: it was changed outside the CAS; restore the database from a copy");
        }
        foreach (var (row, digest) in changes)
        {
            SetDigest(digests, row, digest);
        }
        (head, headRow) = (found, null);
    }

    /// <summary>Reads lines of the log, with the log's end.</summary>
    internal (IReadOnlyList<(byte[] Line, AuditDetail Detail)> Lines, StoreHead Head) ReadLog(
        IRowTransaction transaction, long after, int count)
    {
        var rows = transaction.List(LogKind, AuditLine.NameOf(after), count);
        return ([.. rows.Select(row => (row.Value, ReadDetail(row.Name, row.Value) ?? throw AlteredEntry(row.Name)))], head!);
    }

    private static InvalidDataException AlteredEntry(string name) =>
        new($"entry {name} of the store's log was altered outside the CAS; restore the database from a copy");

    private AuditDetail? ReadDetail(string name, byte[] line) =>
        AuditLine.TryRead(line) is { } entry && key.Decrypt("detail", name, entry.Payload.Sealed) is { } plaintext
            ? JsonSerializer.Deserialize(plaintext, AuditJson.Default.AuditDetail)
            : null;

    private static IEnumerable<(string Name, byte[] Value)> ReadRows(IRowTransaction transaction, string kind, string after)
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
