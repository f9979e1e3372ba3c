using System.Security.Cryptography;
using System.Text.Json;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

namespace Guardian.Cas.Store;

/// <summary>Opens the store, and follows the changes of other replicas.</summary>
internal sealed partial class Vault
{
    /// <remarks>
    /// 1 read and verify the store. 2 note the start, in a new store with its owners. 3 seal the key of a new store. 4 commit.
    /// </remarks>
    private void Load(FirstOwners? first, KeyFile? keyFile)
    {
        file = keyFile;
        using var transaction = store.Begin();
        // Step 1
        var content = reader.Read(transaction, held);
        if (content is null && (held.Origin != KeyOrigin.Made || held.Log is not null))
        {
            throw new InvalidDataException(
                $"the database is empty, but the key belongs to the store of the CAS {held.Log}; restore the database");
        }
        (head, log, index) = content is null
            ? (null, AuditState.Empty, new RowIndex([]))
            : (content.Head, content.Log, new RowIndex(content.Digests));
        // Step 2
        var owners = Admit(transaction, first);
        // Random, so that two stores that begin at the same instant have different logs.
        var detail = new AuditDetail("cas", audit.Id, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), []);
        log = writer.Begin(transaction, log, AuditLine.Started, held.OriginName, detail, owners);
        head = new StoreHead(
            log.Sequence, log.Hash, log.Log, head?.State ?? new byte[StoreKey.DigestSize], head?.Former ?? []);
        headRow = PutHead(transaction, head);
        held = held with { Line = held.Line == 0 ? log.Sequence : held.Line, Log = log.Log, Known = log };
        // Step 3
        if (content is null)
        {
            file?.Prepare(held);
        }
        // Step 4
        CommitNow(transaction);
        file?.Keep(held);
    }

    // Makes people the owners of a store that has none, or checks that they are the owners.
    private AuditOwners? Admit(IRowTransaction transaction, FirstOwners? first)
    {
        if (first is null)
        {
            return null;
        }
        if (log.Present is { } present)
        {
            return present.Threshold == first.Threshold && present.Keys.Order().SequenceEqual(first.Keys.Order())
                ? null
                : throw new RefusedException(CasReasons.OtherCas.Because(
                    "this store has other owners than those of the command line: "
                    + $"{present.Threshold} of {string.Join(", ", present.Keys.Select(KeyHash.TryRead))}"));
        }
        var (owners, row) = Shares.Deal(key, first.Keys, first.Threshold, predecessor: null, witness: null);
        transaction.Put(Shares.Kind, "", row);
        return owners;
    }

    private StoreHead? ReadHead(IRowTransaction transaction)
    {
        if (transaction.Find(StoreReader.HeadKind, "") is not { } value)
        {
            return null;
        }
        return headRow is not null && value.AsSpan().SequenceEqual(headRow) ? head : reader.ReadHead(value);
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
        // The key of the store is enough to write rows and a head, but not lines about trust: enclaves sign those.
        var chain = rules.Continue(log, time.GetUtcNow());
        var changes = new Dictionary<(string Kind, string Name), byte[]?>();
        foreach (var (name, line) in StoreReader.ReadRows(transaction, LogWriter.Kind, AuditLine.NameOf(head.Sequence)))
        {
            if (chain.State.Sequence == found.Sequence)
            {
                break;
            }
            if (name != AuditLine.NameOf(chain.State.Sequence + 1))
            {
                throw AlteredEntry(name);
            }
            if (chain.Append(line) is { } refusal)
            {
                // Also for a while: when collateral has expired, or a clock is wrong.
                throw new InvalidDataException($"the store's log does not verify: {refusal.Detail}");
            }
            if (reader.ReadDetail(found, name, line) is not { } detail)
            {
                throw AlteredEntry(name);
            }
            foreach (var change in detail.Changes)
            {
                changes[(change.Kind, change.Name)] = change.Digest;
            }
        }
        if (chain.State.Hash != found.Hash)
        {
            throw new InvalidDataException(
                "the store's log ends before its head: it was changed outside the CAS; restore the database from a copy");
        }
        var state = head.State.ToArray();
        foreach (var (row, digest) in changes)
        {
            StoreReader.Mix(state, index.Find(row));
            StoreReader.Mix(state, digest);
        }
        if (!CryptographicOperations.FixedTimeEquals(state, found.State))
        {
            throw new InvalidDataException(
                "the store's head does not belong to the rows of its log: it was changed outside the CAS; "
                + "restore the database from a copy");
        }
        foreach (var (row, digest) in changes)
        {
            SetDigest(row, digest);
        }
        (head, headRow, log) = (found, null, chain.State);
    }

    /// <summary>Reads lines of the log, with the log's end.</summary>
    internal (IReadOnlyList<(byte[] Line, AuditDetail Detail)> Lines, StoreHead Head) ReadLog(
        IRowTransaction transaction, long after, int count)
    {
        var rows = transaction.List(LogWriter.Kind, AuditLine.NameOf(after), count);
        var expected = Math.Clamp(head!.Sequence - after, 0, count);
        for (var i = 0; i < Math.Max(expected, rows.Count); i++)
        {
            if (i >= rows.Count || i >= expected || rows[i].Name != AuditLine.NameOf(after + i + 1))
            {
                throw new InvalidDataException(
                    $"entry {after + i + 1} of the store's log was removed or added outside the CAS; restore the database from a copy");
            }
        }
        return ([.. rows.Select(row => (row.Value, reader.ReadDetail(head!, row.Name, row.Value) ?? throw AlteredEntry(row.Name)))], head!);
    }

    private static InvalidDataException AlteredEntry(string name) =>
        new($"entry {name} of the store's log was altered outside the CAS; restore the database from a copy");
}
