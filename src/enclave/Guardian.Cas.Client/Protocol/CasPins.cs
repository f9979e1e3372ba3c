namespace Guardian.Cas.Client.Protocol;

/// <summary>
/// The one CAS that a caller accepts, besides its code. The caller sends the pins with each request, and the CAS refuses a request that is
/// meant for another CAS. It does so inside its enclave, and the caller has verified this enclave.
/// </summary>
/// <param name="Identity">SHA-256 of the first line of its log, 64 lower-case hex digits; null accepts any.</param>
/// <param name="Owners"><see cref="OwnersDescription.Hash"/> of its owners, 64 lower-case hex digits; null accepts any.</param>
public sealed record CasPins(string? Identity, string? Owners)
{
    /// <summary>The header with the identity.</summary>
    internal const string IdentityHeader = "Guardian-Cas-Identity";

    /// <summary>The header with the hash of the owners.</summary>
    internal const string OwnersHeader = "Guardian-Cas-Owners";

    /// <summary>The header with the accepted code: MRENCLAVE, several with commas between them.</summary>
    internal const string CodeHeader = "Guardian-Cas-Code";

    /// <summary>Accepts any CAS.</summary>
    public static CasPins None { get; } = new(null, null);

    /// <summary>Whether a text can be a pin: 64 lower-case hex digits.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Whether it can.</returns>
    public static bool IsPin(string text) => KeyHash.IsHash(text);
}
