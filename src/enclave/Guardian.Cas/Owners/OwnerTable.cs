using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Store;

namespace Guardian.Cas.Owners;

/// <summary>The owners in the store.</summary>
internal static class OwnerTable
{
    private const string Kind = "owners";

    /// <summary>Finds the owners; null when the CAS has none.</summary>
    public static StoredOwners? FindOwners(this VaultTransaction transaction) =>
        transaction.Find(Kind, Kind, row => JsonSerializer.Deserialize(row, OwnersJson.Default.StoredOwners)!);

    /// <summary>Writes the owners.</summary>
    public static void PutOwners(this VaultTransaction transaction, StoredOwners owners) =>
        transaction.Put(Kind, Kind, JsonSerializer.SerializeToUtf8Bytes(owners, OwnersJson.Default.StoredOwners), owners);

    /// <summary>Describes the owners for callers.</summary>
    public static OwnersDescription Describe(this VaultTransaction transaction, StoredOwners owners) =>
        new(owners.Keys, owners.Threshold, transaction.HashOf(owners), transaction.Witness);

    /// <summary>
    /// Hashes the owners: SHA-256 of the lines <c>guardian owners</c>, log, predecessor or <c>-</c>, threshold, and each key's hash.
    /// The log and the predecessor tie a change to one CAS, and to one moment even if the same owners return.
    /// </summary>
    public static string HashOf(this VaultTransaction transaction, StoredOwners owners)
    {
        var threshold = owners.Threshold.ToString(CultureInfo.InvariantCulture);
        string[] lines = ["guardian owners", transaction.LogId, owners.Predecessor ?? "-", threshold, .. owners.Keys];
        return KeyHash.Of(Encoding.ASCII.GetBytes(string.Concat(lines.Select(line => line + '\n'))));
    }
}

/// <summary>The owners as the store keeps them.</summary>
/// <param name="Keys">SHA-256 of each SubjectPublicKeyInfo, lower-case hex.</param>
/// <param name="Threshold">How many of them recover the store.</param>
/// <param name="Predecessor">The hash of the owners before them; null for the first owners.</param>
internal sealed record StoredOwners(IReadOnlyList<string> Keys, int Threshold, string? Predecessor = null);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict)]
[JsonSerializable(typeof(StoredOwners))]
internal sealed partial class OwnersJson : JsonSerializerContext;
