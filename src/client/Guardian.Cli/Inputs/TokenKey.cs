using System.Security.Cryptography;
using Guardian.Attestation.Identity;
using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Inputs;

/// <summary>
/// Opens keys that a PKCS#11 token keeps, by their URI (RFC 7512), with OpenSSL's engine <c>pkcs11</c>. The key never leaves the token.
/// </summary>
internal static class TokenKey
{
    private const string Scheme = "pkcs11:";
    private const string Engine = "pkcs11";

    /// <summary>Whether a key is named by a URI of PKCS#11, and not by a file.</summary>
    public static bool IsUri(string key) => key.StartsWith(Scheme, StringComparison.Ordinal);

    /// <summary>Opens a key.</summary>
    /// <exception cref="RefusedException">The URI has a PIN, or the token gives no such P-256 key.</exception>
    public static IdentityKey Open(string uri)
    {
        var attributes = uri[Scheme.Length..].Split(';', '?', '&');
        bool Has(string name) => attributes.Any(attribute => attribute.StartsWith($"{name}=", StringComparison.Ordinal));
        if (Has("pin-value"))
        {
            throw CliReasons.BadTokenUri.Refuse("a PIN in the URI is visible to other users of this machine");
        }
        // The complete URI stays inside this process.
        var complete = uri + (Has("type") ? "" : ";type=private");
        if (!Has("pin-source"))
        {
            complete += $";pin-value={Uri.EscapeDataString(Passphrase.Get(uri))}";
        }
        try
        {
            using var handle = SafeEvpPKeyHandle.OpenPrivateKeyFromEngine(Engine, complete);
            return IdentityKey.Open(handle);
        }
        catch (Exception failure) when (failure is CryptographicException or PlatformNotSupportedException or InvalidDataException)
        {
            // OpenSSL's message may repeat the URI with the PIN, so it is not shown.
            throw CliReasons.NoToken.Refuse($"{uri} gives no P-256 key that can sign");
        }
    }
}
