using System.Security.Cryptography;
using System.Text.Json;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Owners;
using Guardian.Cas.Client.Protocol;

namespace Guardian.Cas.Store;

/// <summary>The people who own a CAS from its first line on.</summary>
/// <param name="Keys">SubjectPublicKeyInfo of each, base64.</param>
/// <param name="Threshold">How many of them act together.</param>
internal sealed record FirstOwners(IReadOnlyList<string> Keys, int Threshold);

/// <summary>Deals the shares of a store's key. They lie in a row that is not encrypted, and the audit log carries its hash.</summary>
internal static class Shares
{
    /// <summary>The kind of the row.</summary>
    public const string Kind = "recovery";

    /// <summary>Splits a key among owners.</summary>
    /// <param name="keys">The owners' public keys, base64.</param>
    /// <returns>The owners for the log, and the row.</returns>
    public static (AuditOwners Owners, byte[] Row) Deal(
        StoreKey key, IReadOnlyList<string> keys, int threshold, string? predecessor, WitnessDescription? witness)
    {
        var shares = Shamir.Split(key.Value, threshold, keys.Count);
        var commitment = key.Commitment.ToArray();
        var description = new RecoveryDescription(
            commitment, threshold, [.. keys.Select((owner, index) => KeyShare.Encrypt(index + 1, shares[index], owner, commitment))]);
        var row = JsonSerializer.SerializeToUtf8Bytes(description, CasJson.Default.RecoveryDescription);
        return (new AuditOwners([.. keys], threshold, predecessor, witness, HashOf(row)), row);
    }

    /// <summary>Whether a row has exactly the shares that the CAS dealt to the owners.</summary>
    public static bool AreOf(ReadOnlySpan<byte> row, AuditOwners owners) => HashOf(row) == owners.Shares;

    private static string HashOf(ReadOnlySpan<byte> row) => Convert.ToHexStringLower(SHA256.HashData(row));
}
