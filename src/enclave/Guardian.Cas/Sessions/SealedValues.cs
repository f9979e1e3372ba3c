using System.Security.Cryptography;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Sessions;

/// <summary>
/// Opens the sealed values of sessions. The key is made inside the CAS when somebody first asks for it; all replicas have it from the
/// store, and a recovery of the store draws another one.
/// </summary>
internal static class SealedValues
{
    /// <summary>Finds the public key of the CAS, or makes the key.</summary>
    public static SealingKey FindOrCreateKey(VaultTransaction transaction)
    {
        if (FindKey(transaction) is not { } pkcs8)
        {
            using var drawn = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
            pkcs8 = drawn.ExportPkcs8PrivateKey();
            transaction.Put(VaultTransaction.SealingKeyRow.Kind, VaultTransaction.SealingKeyRow.Name, pkcs8, pkcs8);
            transaction.Audit("sealing-key-made", "cas", "cas");
        }
        using var key = Open(pkcs8);
        return new SealingKey(transaction.LogId, key.ExportSubjectPublicKeyInfo());
    }

    /// <summary>Opens the sealed values of a document.</summary>
    /// <param name="creator">The hash of the key that created the session.</param>
    /// <returns>The document with its values; the same one when nothing is sealed.</returns>
    public static async Task<Outcome<SessionDocument>> OpenAsync(Vault vault, SessionDocument document, string creator)
    {
        if (document.Secrets.All(secret => secret.Sealed is null))
        {
            return document;
        }
        var (pkcs8, refusal) = await vault.TryRunAsync<byte[]>(transaction => FindKey(transaction) is { } found
            ? found
            : CasReasons.Invalid.Because("this CAS has no key to which values were sealed: seal them anew")).ConfigureAwait(false);
        return pkcs8 is null ? refusal! : Open(document, creator, vault.LogId, pkcs8);
    }

    private static Outcome<SessionDocument> Open(SessionDocument document, string creator, string identity, byte[] pkcs8)
    {
        using var key = Open(pkcs8);
        var own = SealedValue.IdOf(key.ExportSubjectPublicKeyInfo());
        var (secrets, problems) = (new List<SessionSecret>(), new List<string>());
        foreach (var secret in document.Secrets)
        {
            if (secret.Sealed is not { } value)
            {
                secrets.Add(secret);
            }
            else if (value.TryOpen(key, identity, new SealedPlace(creator, document.Name, secret.Name, secret.Kind)) is { } opened)
            {
                secrets.Add(secret with { Value = opened });
            }
            else
            {
                problems.Add(value.KeyId.Span.SequenceEqual(own)
                    ? $"'{secret.Name}' was sealed for another session, creator, name or kind than '{document.Name}' of {creator}"
                    : $"'{secret.Name}' was sealed to another key than this CAS has: to another CAS, or before a recovery");
            }
        }
        return problems.Count == 0
            ? document with { Secrets = secrets }
            : CasReasons.Invalid.Because("sealed values do not open here; seal them anew: guardian session encrypt") with
            {
                Problems = problems,
            };
    }

    private static byte[]? FindKey(VaultTransaction transaction) =>
        transaction.Find(VaultTransaction.SealingKeyRow.Kind, VaultTransaction.SealingKeyRow.Name, row => row);

    private static ECDiffieHellman Open(byte[] pkcs8)
    {
        var key = ECDiffieHellman.Create();
        key.ImportPkcs8PrivateKey(pkcs8, out _);
        return key;
    }
}
