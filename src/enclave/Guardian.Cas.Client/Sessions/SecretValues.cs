using System.Text;
using System.Text.Unicode;

namespace Guardian.Cas.Client.Sessions;

/// <summary>Reads the values that people give for secrets. Never throws for any content.</summary>
internal static class SecretValues
{
    /// <summary>The size of the largest value, in bytes.</summary>
    public const int MaxSize = 16 * 1024;

    /// <summary>Whether people can give the value of a kind that is secret.</summary>
    public static bool CanBeGiven(SecretKind kind) => kind is SecretKind.Binary or SecretKind.Ascii or SecretKind.Text
        or SecretKind.PrivateKey;

    /// <summary>Reads a value as a session writes it: base64 of binary, else text.</summary>
    /// <returns>The bytes that the CAS keeps; null for a value that does not fit the kind.</returns>
    public static byte[]? TryRead(SecretKind kind, string text)
    {
        if (kind != SecretKind.Binary)
        {
            return TryReadBytes(kind, Encoding.UTF8.GetBytes(text));
        }
        var bytes = new byte[MaxSize];
        return Convert.TryFromBase64String(text, bytes, out var size) && size > 0 ? bytes[..size] : null;
    }

    /// <summary>Reads a value as a person sends it: the bytes of binary, else UTF-8 text.</summary>
    /// <returns>The bytes that the CAS keeps; null for a value that does not fit the kind.</returns>
    public static byte[]? TryReadBytes(SecretKind kind, ReadOnlySpan<byte> value)
    {
        if (value.Length is 0 or > MaxSize)
        {
            return null;
        }
        return kind switch
        {
            SecretKind.Binary => value.ToArray(),
            SecretKind.Ascii => value.ContainsAnyExceptInRange((byte)' ', (byte)'~') ? null : value.ToArray(),
            SecretKind.Text => IsText(value) ? value.ToArray() : null,
            SecretKind.PrivateKey => PemKey.TryReadPrivate(Encoding.UTF8.GetString(value)),
            _ => null,
        };
    }

    /// <summary>Describes the values of a kind, for people.</summary>
    public static string Describe(SecretKind kind) => kind switch
    {
        SecretKind.Binary => $"1 to {MaxSize} bytes",
        SecretKind.Ascii => $"1 to {MaxSize} printable ASCII characters without a line break (text has them)",
        SecretKind.Text => $"1 to {MaxSize} bytes of UTF-8 without control characters other than tabs and line breaks",
        _ => "PKCS#8 in PEM, of P-256, P-384, Ed25519 or RSA",
    };

    private static bool IsText(ReadOnlySpan<byte> value)
    {
        foreach (var unit in value)
        {
            if (unit is < (byte)' ' and not ((byte)'\t' or (byte)'\n' or (byte)'\r') or 0x7F)
            {
                return false;
            }
        }
        return Utf8.IsValid(value);
    }
}
