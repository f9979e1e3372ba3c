using System.Security.Cryptography;
using System.Text.Json;
using Guardian.Cas.Client.Audit;

namespace Guardian.Cas.Store;

/// <summary>Gives a store a new key, after its owners have opened it. Everyone who had the old one is locked out.</summary>
internal static class Rekeying
{
    // Keeps the line below the largest size of a line.
    private const int RowsInLine = 64;

    /// <summary>Draws a key, encrypts all rows under it, deals its shares to the owners, and notes it in the log: all or nothing.</summary>
    /// <param name="old">The key that the shares gave.</param>
    /// <param name="file">Keeps the new key.</param>
    /// <returns>The new key.</returns>
    /// <exception cref="InvalidDataException">The store was changed outside the CAS, or is not that of the key.</exception>
    /// <exception cref="StoreException">The database cannot be used.</exception>
    public static HeldKey Rekey(
        IRowStore store, StoreKey old, AuditKey audit, LogRules rules, TimeProvider time, KeyFile? file)
    {
        using var transaction = store.Begin();
        var (head, log, digests) = new StoreReader(old, rules, time).Read(transaction, new HeldKey(old, KeyOrigin.Recovered))
            ?? throw new InvalidDataException("the database is empty: there is nothing to recover");
        var next = StoreKey.Create();
        var writer = new LogWriter(next, audit, rules, time);
        var present = log.Present!;
        var (owners, shares) = Shares.Deal(next, present.Keys, present.Threshold, present.Predecessor, present.Witness);
        transaction.Put(Shares.Kind, "", shares);

        var former = new FormerKey(old.Value.ToArray(), log.Sequence);
        var held = new HeldKey(next, KeyOrigin.Recovered);
        log = writer.Begin(
            transaction, log, AuditLine.Recovered, held.OriginName, new AuditDetail("cas", audit.Id, "the store has a new key", []),
            owners);
        held = held with { Line = log.Sequence, Log = log.Log };
        var state = new byte[StoreKey.DigestSize];
        foreach (var rows in digests.Chunk(RowsInLine))
        {
            var changes = rows.Select(row => Encrypt(transaction, row, old, next)).ToList();
            changes.ForEach(change => StoreReader.Mix(state, change.Digest));
            log = writer.Append(transaction, log, "rows-encrypted", new AuditDetail("cas", audit.Id, "under the new key", changes));
        }
        head = new StoreHead(log.Sequence, log.Hash, log.Log, state, [.. head.Former, former]);
        transaction.Put(
            StoreReader.HeadKind, "",
            next.Encrypt(StoreReader.HeadKind, "", JsonSerializer.SerializeToUtf8Bytes(head, StoreJson.Default.StoreHead)));
        held = held with { Known = log };
        file?.Prepare(held);
        transaction.Commit();
        file?.Keep(held);
        return held;
    }

    private static RowChange Encrypt(
        IRowTransaction transaction, KeyValuePair<(string Kind, string Name), byte[]> row, StoreKey old, StoreKey next)
    {
        var (kind, name) = row.Key;
        if (transaction.Find(kind, name) is not { } value
            || !CryptographicOperations.FixedTimeEquals(old.Digest(kind, name, value), row.Value)
            || old.Decrypt(kind, name, value) is not { } plaintext)
        {
            throw new InvalidDataException(
                $"{StoreReader.Describe(row.Key)} was altered, removed or rolled back outside the CAS; restore the database from a copy");
        }
        if (row.Key == VaultTransaction.SealingKeyRow)
        {
            CryptographicOperations.ZeroMemory(plaintext);
            transaction.Delete(kind, name);
            return new RowChange(kind, name, null);
        }
        var encrypted = next.Encrypt(kind, name, plaintext);
        CryptographicOperations.ZeroMemory(plaintext);
        transaction.Put(kind, name, encrypted);
        return new RowChange(kind, name, next.Digest(kind, name, encrypted));
    }
}
