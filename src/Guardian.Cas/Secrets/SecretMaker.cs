using System.Security.Cryptography;
using System.Text;

namespace Guardian.Cas;

/// <summary>Makes secrets inside the CAS.</summary>
internal static class SecretMaker
{
    private const string AsciiAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    /// <summary>The secret's value: the given one, or a new random one.</summary>
    public static byte[] Make(SessionSecret secret) =>
        secret.Value is { } given ? given.ToArray()
        : secret.Kind == SecretKind.Ascii ? Encoding.ASCII.GetBytes(RandomNumberGenerator.GetString(AsciiAlphabet, secret.Size))
        : RandomNumberGenerator.GetBytes(secret.Size);
}
