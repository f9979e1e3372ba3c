using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Cas.Client;

namespace Guardian.Cas;

/// <summary>The people who own the CAS: so many of them together can recover its store.</summary>
internal sealed partial class CasService
{
    private const string OwnersKind = "owners";

    // More people than ever meet.
    private const int MaxOwners = 32;

    /// <summary>Makes people the owners, once for all: whoever claims a CAS first has it.</summary>
    public Task<OwnersDescription> ClaimAsync(OwnersClaim claim, ReadOnlyMemory<byte> callerKey)
    {
        var keys = claim.Keys.Select(SessionFields.KeyHash).ToList();
        if (claim.Keys.Count is 0 or > MaxOwners || claim.Threshold < 1 || claim.Threshold > claim.Keys.Count || keys.Contains(null) || keys.Distinct().Count() != keys.Count
            || !claim.Keys.All(KeyShare.IsRecipient))
        {
            throw new CasException(CasFailure.Invalid, $"name 1 to {MaxOwners} different keys as 'guardian key show' prints them, and how many of them recover the store", []);
        }
        var caller = KeyHash(callerKey.Span);
        if (!keys.Contains(caller))
        {
            throw new CasException(CasFailure.Invalid, "who claims a CAS is one of its owners: name your own key as well", []);
        }
        return vault.RunAsync(transaction =>
        {
            if (FindOwners(transaction) is not null)
            {
                throw new CasException(CasFailure.Conflict, "this CAS has owners already; compare them with those you expect: guardian cas attest", []);
            }
            var owners = new StoredOwners([.. keys.OfType<string>()], claim.Threshold);
            transaction.Put(OwnersKind, OwnersKind, JsonSerializer.SerializeToUtf8Bytes(owners, OwnersJson.Default.StoredOwners), owners);
            transaction.Audit("owners-claimed", "cas", caller, $"{claim.Threshold} of {string.Join(", ", owners.Keys)}");
            transaction.PutPlain(Recovery.Kind, vault.Split(claim.Keys, claim.Threshold));
            return Describe(owners);
        });
    }

    /// <summary>Who owns the CAS; no keys when nobody has claimed it.</summary>
    public Task<OwnersDescription> ReadOwnersAsync() => vault.RunAsync(transaction => Describe(FindOwners(transaction) ?? new StoredOwners([], 0)));

    /// <summary>Gives the store's key to another enclave of this CAS.</summary>
    /// <param name="certificate">The caller's TLS certificate, DER.</param>
    public async Task<StoreKeyDescription> HandOverAsync(ReadOnlyMemory<byte> certificate)
    {
        var peer = Verify(certificate, isFresh: true);
        var failed = replicas?.Appraise(peer.Quote).Checks.Where(check => !check.Passed).Select(check => check.ToString()).ToList() ?? ["this CAS has no replicas"];
        return await vault.RunAsync(transaction =>
        {
            transaction.Audit(failed.Count == 0 ? "store-key-given" : "store-key-denied", "cas", $"mrenclave {peer.Quote.Report.MrEnclave}", string.Join("; ", failed));
            return true;
        }).ConfigureAwait(false) && failed.Count == 0
            ? new StoreKeyDescription(vault.CopyKey())
            : throw new CasException(CasFailure.Denied, "the caller's enclave is not this CAS", failed);
    }

    private static OwnersDescription Describe(StoredOwners owners) => new(owners.Keys, owners.Threshold);

    private static StoredOwners? FindOwners(VaultTransaction transaction) =>
        transaction.Find(OwnersKind, OwnersKind, row => JsonSerializer.Deserialize(row, OwnersJson.Default.StoredOwners)!);
}

/// <summary>The owners as they are kept.</summary>
/// <param name="Keys">SHA-256 of each SubjectPublicKeyInfo, lower-case hex.</param>
/// <param name="Threshold">How many of them recover the store.</param>
internal sealed record StoredOwners(IReadOnlyList<string> Keys, int Threshold);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict)]
[JsonSerializable(typeof(StoredOwners))]
internal sealed partial class OwnersJson : JsonSerializerContext;
