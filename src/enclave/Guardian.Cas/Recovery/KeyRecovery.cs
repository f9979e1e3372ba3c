using System.Security.Cryptography;
using System.Text.Json;
using Guardian.Cas.Client;
using Guardian.Cas.Store;

namespace Guardian.Cas.Recovery;

/// <summary>A CAS whose store's key no machine has any more, waiting for its owners' shares. Thread-safe.</summary>
internal sealed class KeyRecovery
{
    /// <summary>The kind of the row that holds the encrypted shares; it is not encrypted itself.</summary>
    public const string Kind = "recovery";

    private readonly Lock gate = new();
    private readonly Dictionary<int, byte[]> shares = [];
    private readonly byte[] head;
    private readonly TaskCompletionSource<StoreKey> found = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private KeyRecovery(RecoveryDescription description, byte[] head) => (Description, this.head) = (description, head);

    /// <summary>The shares as they are kept.</summary>
    public RecoveryDescription Description { get; }

    /// <summary>The key, once enough shares were given.</summary>
    public Task<StoreKey> Key => found.Task;

    /// <summary>Reads what a store keeps for its recovery.</summary>
    /// <exception cref="InvalidDataException">Nobody has claimed this CAS, or the row was altered.</exception>
    public static KeyRecovery Open(IRowStore store)
    {
        using var transaction = store.Begin();
        if (transaction.Find(Kind, "") is not { } row || transaction.Find("head", "") is not { } head)
        {
            throw new InvalidDataException("this store cannot be recovered: its CAS was never claimed by owners");
        }
        try
        {
            return new KeyRecovery(JsonSerializer.Deserialize(row, CasJson.Default.RecoveryDescription) ?? throw new JsonException("null"), head);
        }
        catch (JsonException)
        {
            throw new InvalidDataException("what the store keeps for its recovery was altered outside the CAS; restore the database from a copy");
        }
    }

    /// <summary>Takes an owner's share.</summary>
    public RecoveryProgress Give(ShareGift gift)
    {
        lock (gate)
        {
            // The digests come from the untrusted store, so they only sort out mistakes; what counts is that the key opens the head.
            if (Description.Shares.FirstOrDefault(share => share.X == gift.X) is not { } known || gift.X is < 1 or > byte.MaxValue
                || gift.Share.Length != StoreKey.Size || !known.Digest.AsSpan().SequenceEqual(SHA256.HashData(gift.Share)))
            {
                throw new CasException(CasFailure.Denied, "this is no share of this CAS's key", []);
            }
            shares[gift.X] = gift.Share;
            if (shares.Count < Description.Threshold)
            {
                return new RecoveryProgress(shares.Count, Description.Threshold, false);
            }
            var secret = Shamir.Combine([.. shares.Take(Description.Threshold).Select(share => ((byte)share.Key, share.Value))]);
            var key = new StoreKey(secret);
            CryptographicOperations.ZeroMemory(secret);
            if (key.Decrypt("head", "", head) is null)
            {
                key.Dispose();
                throw new CasException(CasFailure.Damaged, "the shares give no key that opens this store: the store, or its shares, belong to another CAS", []);
            }
            found.TrySetResult(key);
            return new RecoveryProgress(shares.Count, Description.Threshold, true);
        }
    }

    /// <summary>Splits a key among owners.</summary>
    public static byte[] Split(StoreKey key, IReadOnlyList<string> owners, int threshold)
    {
        var shares = Shamir.Split(key.Value, threshold, owners.Count);
        return JsonSerializer.SerializeToUtf8Bytes(
            new RecoveryDescription(threshold, [.. owners.Select((owner, index) => KeyShare.Encrypt(index + 1, shares[index], owner))]), CasJson.Default.RecoveryDescription);
    }
}
