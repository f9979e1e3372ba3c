using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Guardian.Cas.Client.Sessions;

namespace Guardian.Cas.Secrets;

/// <summary>Writes secrets in the place of <see cref="Placeholders"/>.</summary>
internal static class PlaceholderWriter
{
    /// <summary>Replaces the placeholders of a text in which <see cref="Placeholders.FindProblem"/> found no problem.</summary>
    /// <param name="valueOf">
    /// Gives a secret by its name, or its previous value when the flag is set; null writes nothing.
    /// </param>
    /// <param name="maxSize">The largest result, in bytes.</param>
    /// <returns>The text with the secrets; null when it would be larger.</returns>
    public static byte[]? Replace(string text, Func<string, bool, SecretValue?> valueOf, int maxSize)
    {
        var result = new MemoryStream();
        var end = 0;
        foreach (Match match in Placeholders.Pattern().Matches(text))
        {
            result.Write(Encoding.UTF8.GetBytes(text[end..match.Index]));
            end = match.Index + match.Length;
            if (valueOf(match.Groups["name"].Value, match.Groups["previous"].Success) is { } value)
            {
                var bytes = Write(value, match.Groups["format"].Value);
                result.Write(match.Groups["escape"].Success ? JsonEncodedText.Encode(bytes).EncodedUtf8Bytes : bytes);
            }
            if (result.Length > maxSize)
            {
                return null;
            }
        }
        result.Write(Encoding.UTF8.GetBytes(text[end..]));
        return result.Length <= maxSize ? result.ToArray() : null;
    }

    private static byte[] Write(SecretValue value, string format) => format switch
    {
        "hex" => Encoding.ASCII.GetBytes(Convert.ToHexStringLower(value.Bytes)),
        "base64" => Encoding.ASCII.GetBytes(Convert.ToBase64String(value.Bytes)),
        "base64url" => Encoding.ASCII.GetBytes(Base64Url.EncodeToString(value.Bytes)),
        "base32" => Encoding.ASCII.GetBytes(WriteBase32(value.Bytes, isPadded: true)),
        "base32nopad" => Encoding.ASCII.GetBytes(WriteBase32(value.Bytes, isPadded: false)),
        "pem" or "crt" or "chain" or "privatekey" => Encoding.ASCII.GetBytes(value.ToPem(format)),
        "pkcs12" => KeyStore.Write(value),
        _ => value.Bytes,
    };

    // RFC 4648, 6.
    private static string WriteBase32(ReadOnlySpan<byte> bytes, bool isPadded)
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        var text = new StringBuilder();
        var (bits, count) = (0, 0);
        foreach (var value in bytes)
        {
            (bits, count) = (((bits & 0x1F) << 8) | value, count + 8);
            for (; count >= 5; count -= 5)
            {
                text.Append(Alphabet[(bits >> (count - 5)) & 0x1F]);
            }
        }
        if (count > 0)
        {
            text.Append(Alphabet[(bits << (5 - count)) & 0x1F]);
        }
        return isPadded ? text.Append('=', (8 - (text.Length % 8)) % 8).ToString() : text.ToString();
    }
}
