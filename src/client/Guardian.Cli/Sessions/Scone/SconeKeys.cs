using System.Security.Cryptography;
using Guardian.Cas.Client.Protocol;

namespace Guardian.Cli.Sessions.Scone;

/// <summary>Tells which keys of SCONE's people can sign or connect here.</summary>
internal static class SconeKeys
{
    /// <summary>Whether a text names a key as this language does, and the key can be used here.</summary>
    public static bool IsKnown(string text)
    {
        if (KeyHash.TryRead(text) is null)
        {
            return false;
        }
        if (!text.Contains("-----BEGIN PUBLIC KEY-----", StringComparison.Ordinal))
        {
            return true;
        }
        // Signatures are of P-256 alone; SCONE's signers have Ed25519.
        using var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(text);
            return key.KeySize == 256;
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            return false;
        }
    }
}
