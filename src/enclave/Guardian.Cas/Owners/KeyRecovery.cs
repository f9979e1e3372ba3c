using System.Security.Cryptography;
using System.Text.Json;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Owners;

/// <summary>Rebuilds the key of a store that no machine has any more from its owners' shares. Thread-safe.</summary>
/// <remarks>
/// The host chose the database. Its log must therefore verify without any key: from the first line on, enclaves signed the commitment to
/// the key, the owners, and the hash of the shares. A store that somebody made outside a CAS has no such log.
/// </remarks>
internal sealed class KeyRecovery
{
    private readonly Lock gate = new();
    private readonly Dictionary<int, byte[]> shares = [];
    private readonly AuditState log;
    private readonly TaskCompletionSource<StoreKey> found = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private KeyRecovery(AuditState log, RecoveryDescription description) => (this.log, Description) = (log, description);

    /// <summary>The encrypted shares.</summary>
    public RecoveryDescription Description { get; }

    /// <summary>The log of the CAS.</summary>
    public AuditState Log => log;

    /// <summary>The owners, whose shares recover the key.</summary>
    public OwnersDescription Owners => new(
        OwnerTable.HashesOf(log.Present!), log.Present!.Threshold, OwnerTable.HashOf(log.Log, log.Present), log.Present.Witness);

    /// <summary>How many shares there are, and how many there must be.</summary>
    public RecoveryProgress ReadProgress()
    {
        lock (gate)
        {
            return new RecoveryProgress(shares.Count, Description.Threshold, found.Task.IsCompleted);
        }
    }

    /// <summary>The key; completes when there are enough shares.</summary>
    public Task<StoreKey> Key => found.Task;

    /// <summary>Verifies a store's log, and reads the encrypted shares.</summary>
    /// <exception cref="InvalidDataException">
    /// The log does not verify, the CAS has no owners, they did not approve this code, or the shares are not those that the CAS dealt.
    /// </exception>
    public static KeyRecovery Open(IRowStore store, LogRules rules, TimeProvider time)
    {
        using var transaction = store.Begin();
        var log = StoreReader.ReadLog(transaction, rules, time.GetUtcNow());
        if (log.Present is not { } owners)
        {
            throw new InvalidDataException(log.Sequence == 0
                ? "this store cannot be recovered: it has no log, so no CAS made it"
                : "this store cannot be recovered: its CAS was never claimed by owners");
        }
        if (!log.Code.Contains(rules.Code))
        {
            throw new InvalidDataException(
                $"the owners of this CAS have not approved this code, mrenclave {rules.Code}; recover it with code that they approved");
        }
        if (transaction.Find(Shares.Kind, "") is not { } row || !Shares.AreOf(row, owners))
        {
            throw new InvalidDataException(
                "the owners' shares in the store are not those that the CAS dealt: they were changed outside the CAS; "
                + "restore the database from a copy");
        }
        return new KeyRecovery(log, JsonSerializer.Deserialize(row, CasJson.Default.RecoveryDescription)!);
    }

    /// <summary>Adds an owner's share, and rebuilds the key when there are enough.</summary>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo: a share counts only from its owner.</param>
    public Outcome<RecoveryProgress> AddShare(OpenedShare share, ReadOnlyMemory<byte> callerKey)
    {
        var caller = KeyHash.Of(callerKey.Span);
        lock (gate)
        {
            if (!IsShare(share, caller))
            {
                return CasReasons.Denied.Because("this is not the caller's share of this CAS's key");
            }
            shares[share.X] = share.Share;
            if (shares.Count < Description.Threshold)
            {
                return new RecoveryProgress(shares.Count, Description.Threshold, false);
            }
            var secret = Shamir.Combine([.. shares.Take(Description.Threshold).Select(each => ((byte)each.Key, each.Value))]);
            var key = new StoreKey(secret);
            CryptographicOperations.ZeroMemory(secret);
            if (!key.Commitment.SequenceEqual(log.StoreKey))
            {
                key.Dispose();
                return CasReasons.Damaged.Because("the shares give another key than that of this store's log");
            }
            found.TrySetResult(key);
            return new RecoveryProgress(shares.Count, Description.Threshold, true);
        }
    }

    private bool IsShare(OpenedShare share, string caller) =>
        share.X is >= 1 and <= byte.MaxValue && share.Share.Length == StoreKey.Size
        && Description.Shares.FirstOrDefault(known => known.X == share.X) is { } known
        && known.Owner == caller && known.Digest.AsSpan().SequenceEqual(SHA256.HashData(share.Share));
}
