using System.Security.Cryptography;
using System.Text.Json;
using Guardian.Cas.Client.Owners;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Owners;

/// <summary>Rebuilds the key of a store that no machine has any more from its owners' shares. Thread-safe.</summary>
internal sealed class KeyRecovery
{
    /// <summary>The kind of the row that holds the encrypted shares. The row itself is not encrypted.</summary>
    public const string Kind = "recovery";

    private readonly Lock gate = new();
    private readonly Dictionary<int, byte[]> shares = [];
    private readonly byte[] head;
    private readonly TaskCompletionSource<StoreKey> found = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private KeyRecovery(RecoveryDescription description, byte[] head) => (Description, this.head) = (description, head);

    /// <summary>The encrypted shares.</summary>
    public RecoveryDescription Description { get; }

    /// <summary>The key; completes when there are enough shares.</summary>
    public Task<StoreKey> Key => found.Task;

    /// <summary>Reads the encrypted shares of a store.</summary>
    /// <exception cref="InvalidDataException">The CAS has no owners, or the row was altered.</exception>
    public static KeyRecovery Open(IRowStore store)
    {
        using var transaction = store.Begin();
        if (transaction.Find(Kind, "") is not { } row || transaction.Find("head", "") is not { } head)
        {
            throw new InvalidDataException("this store cannot be recovered: its CAS was never claimed by owners");
        }
        try
        {
            var description = JsonSerializer.Deserialize(row, CasJson.Default.RecoveryDescription) ?? throw new JsonException("null");
            return new KeyRecovery(description, head);
        }
        catch (JsonException)
        {
            throw new InvalidDataException("the store's recovery row was altered outside the CAS; restore the database from a copy");
        }
    }

    /// <summary>Adds an owner's share, and rebuilds the key when there are enough.</summary>
    public Outcome<RecoveryProgress> AddShare(OpenedShare share)
    {
        lock (gate)
        {
            if (!IsShare(share))
            {
                return CasReasons.Denied.Because("this is not a share of this CAS's key");
            }
            shares[share.X] = share.Share;
            if (shares.Count < Description.Threshold)
            {
                return new RecoveryProgress(shares.Count, Description.Threshold, false);
            }
            var secret = Shamir.Combine([.. shares.Take(Description.Threshold).Select(each => ((byte)each.Key, each.Value))]);
            var key = new StoreKey(secret);
            CryptographicOperations.ZeroMemory(secret);
            if (key.Decrypt("head", "", head) is null)
            {
                key.Dispose();
                return CasReasons.Damaged.Because(
                    "the shares give no key that opens this store: the store, or its shares, belong to another CAS");
            }
            found.TrySetResult(key);
            return new RecoveryProgress(shares.Count, Description.Threshold, true);
        }
    }

    /// <summary>Splits a key among owners.</summary>
    /// <param name="owners">The owners' public keys, base64.</param>
    /// <returns>The row of <see cref="Kind"/>.</returns>
    public static byte[] Split(StoreKey key, IReadOnlyList<string> owners, int threshold)
    {
        var shares = Shamir.Split(key.Value, threshold, owners.Count);
        var description = new RecoveryDescription(
            threshold, [.. owners.Select((owner, index) => KeyShare.Encrypt(index + 1, shares[index], owner))]);
        return JsonSerializer.SerializeToUtf8Bytes(description, CasJson.Default.RecoveryDescription);
    }

    // The digests come from the untrusted store, so they only catch mistakes. The proof is that the key opens the head.
    private bool IsShare(OpenedShare share) =>
        share.X is >= 1 and <= byte.MaxValue && share.Share.Length == StoreKey.Size
        && Description.Shares.FirstOrDefault(known => known.X == share.X) is { } known
        && known.Digest.AsSpan().SequenceEqual(SHA256.HashData(share.Share));
}
