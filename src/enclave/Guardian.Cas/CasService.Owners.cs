using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Attestation.RaTls;
using Guardian.Cas.Client;
using Guardian.Cas.Recovery;
using Guardian.Cas.Sessions;
using Guardian.Cas.Store;

namespace Guardian.Cas;

/// <summary>The people who own the CAS: so many of them together can recover its store, or have others take their place.</summary>
internal sealed partial class CasService
{
    private const string OwnersKind = "owners";

    // More people than ever meet.
    private const int MaxOwners = 32;

    /// <summary>Makes people the owners: whoever claims a CAS first has it.</summary>
    public Task<OwnersDescription> ClaimAsync(OwnersClaim claim, ReadOnlyMemory<byte> callerKey)
    {
        var keys = HashesOf(claim.Keys, claim.Threshold);
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
            var owners = new StoredOwners(keys, claim.Threshold);
            PutOwners(transaction, owners, claim.Keys);
            SetWitness(transaction, claim.Witness);
            transaction.Audit("owners-claimed", "cas", caller, $"{claim.Threshold} of {string.Join(", ", owners.Keys)}{Witnessed(claim.Witness)}");
            return Describe(transaction, owners);
        });
    }

    /// <summary>Puts other people in the place of the owners, when as many of these agree as recover the store.</summary>
    /// <param name="document">The change as it was sent and signed.</param>
    /// <param name="change">What it says.</param>
    public Task<OwnersDescription> ChangeOwnersAsync(ReadOnlyMemory<byte> document, OwnersChange change, ReadOnlyMemory<byte> callerKey, IReadOnlyList<SessionSignature> signatures)
    {
        var keys = HashesOf(change.Keys, change.Threshold);
        var caller = KeyHash(callerKey.Span);
        var approvals = Approvals(caller, Hash(document.Span), SignatureSubject.Owners, signatures);
        return vault.RunAsync(transaction =>
        {
            var present = FindOwners(transaction) ?? throw new CasException(CasFailure.Conflict, "nobody owns this CAS yet; claim it: guardian cas claim", []);
            var agreed = present.Keys.Where(approvals.Contains).ToList();
            if (agreed.Count < present.Threshold)
            {
                throw new CasException(
                    CasFailure.Denied, $"{present.Threshold} of the present owners must agree; {agreed.Count} did",
                    [$"the owners are {string.Join(", ", present.Keys)}", $"you have {string.Join(", ", approvals.Order(StringComparer.Ordinal))}"]);
            }
            var hash = HashOf(transaction, present);
            if (change.Predecessor != hash)
            {
                throw new CasException(CasFailure.Conflict, $"'predecessor' must be the hash of the present owners, {hash}; propose the change again, and have it signed", []);
            }
            var next = new StoredOwners(keys, change.Threshold, hash);
            // New shares take the place of the former owners', in the same commit.
            PutOwners(transaction, next, change.Keys);
            SetWitness(transaction, change.Witness);
            transaction.Audit("owners-changed", "cas", caller, $"{change.Threshold} of {string.Join(", ", keys)}{Witnessed(change.Witness)}, approved by {string.Join(", ", agreed)}");
            return Describe(transaction, next);
        });
    }

    /// <summary>Who owns the CAS; no keys when nobody has claimed it.</summary>
    public Task<OwnersDescription> ReadOwnersAsync() =>
        vault.RunAsync(transaction => FindOwners(transaction) is { } owners ? Describe(transaction, owners) : new OwnersDescription([], 0, null), needsWitness: false);

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

    private static List<string> HashesOf(IReadOnlyList<string> keys, int threshold)
    {
        var hashes = keys.Select(SessionFields.KeyHash).OfType<string>().Distinct().ToList();
        return keys.Count is > 0 and <= MaxOwners && threshold >= 1 && threshold <= keys.Count && hashes.Count == keys.Count && keys.All(KeyShare.IsRecipient)
            ? hashes
            : throw new CasException(CasFailure.Invalid, $"name 1 to {MaxOwners} different keys as 'guardian key show' prints them, and how many of them recover the store", []);
    }

    private void PutOwners(VaultTransaction transaction, StoredOwners owners, IReadOnlyList<string> keys)
    {
        transaction.Put(OwnersKind, OwnersKind, JsonSerializer.SerializeToUtf8Bytes(owners, OwnersJson.Default.StoredOwners), owners);
        transaction.PutPlain(KeyRecovery.Kind, vault.Split(keys, owners.Threshold));
    }

    // Before it depends on a witness, it makes sure that it can.
    private static void SetWitness(VaultTransaction transaction, WitnessDescription? witness)
    {
        if (witness is not null)
        {
            if (!Uri.TryCreate(witness.Address, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps || uri.PathAndQuery != "/" || !SessionFields.MayNameSession(witness.Session))
            {
                throw new CasException(CasFailure.Invalid, $"a witness is an address https://host:port and a session there, not '{witness.Address}' and '{witness.Session}'", []);
            }
            transaction.TryWitness(witness);
        }
        transaction.Witness = witness;
    }

    private static string Witnessed(WitnessDescription? witness) => witness is null ? "" : $", witnessed by {witness.Session} at {witness.Address}";

    private static OwnersDescription Describe(VaultTransaction transaction, StoredOwners owners) =>
        new(owners.Keys, owners.Threshold, HashOf(transaction, owners), transaction.Witness);

    // guardian owners LF log LF predecessor or - LF threshold LF, then each key's hash LF. No change can be made in another CAS, or a second time when owners come back.
    private static string HashOf(VaultTransaction transaction, StoredOwners owners) => Hash(Encoding.ASCII.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"guardian owners\n{transaction.LogId}\n{owners.Predecessor ?? "-"}\n{owners.Threshold}\n{string.Concat(owners.Keys.Select(key => key + '\n'))}")));

    private static StoredOwners? FindOwners(VaultTransaction transaction) =>
        transaction.Find(OwnersKind, OwnersKind, row => JsonSerializer.Deserialize(row, OwnersJson.Default.StoredOwners)!);
}

/// <summary>The owners as they are kept.</summary>
/// <param name="Keys">SHA-256 of each SubjectPublicKeyInfo, lower-case hex.</param>
/// <param name="Threshold">How many of them recover the store.</param>
/// <param name="Predecessor">The hash of those before them; null for those who claimed the CAS.</param>
internal sealed record StoredOwners(IReadOnlyList<string> Keys, int Threshold, string? Predecessor = null);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict)]
[JsonSerializable(typeof(StoredOwners))]
internal sealed partial class OwnersJson : JsonSerializerContext;
