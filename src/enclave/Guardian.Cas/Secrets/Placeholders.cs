using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Guardian.Cas.Sessions;

namespace Guardian.Cas.Secrets;

/// <summary>Replaces <c>$$GUARDIAN::NAME:FORMAT$$</c> (or <c>$$SCONE::…$$</c>) by secrets.</summary>
internal static partial class Placeholders
{
    private static readonly string[] RandomFormats = ["hex", "base64", "base64url", "base32", "base32nopad", "bin"];
    private static readonly string[] KeyFormats = ["pem", "base64", "hex", "der"];
    private static readonly string[] CertificateFormats = ["crt", "chain", "privatekey", "base64", "der"];

    // Not text: they stand in files alone.
    private static readonly string[] BinaryFormats = ["bin", "der", "pkcs8"];

    /// <summary>What is wrong with a text's placeholders, or null.</summary>
    /// <param name="isFile">Whether the text is the content of a file, which may hold any bytes.</param>
    /// <param name="kindOf">The kind of a secret, or null when there is none of that name.</param>
    public static string? FindProblem(string text, bool isFile, Func<string, SecretKind?> kindOf)
    {
        foreach (Match match in Pattern().Matches(text))
        {
            var (name, format) = (match.Groups["name"].Value, match.Groups["format"].Value);
            if (kindOf(name) is not { } kind)
            {
                return $"there is no secret '{name}' for {match.Value}; add it under 'secrets'";
            }
            var formats = FormatsOf(kind);
            if (formats.Length == 0 && format.Length > 0)
            {
                return $"'{name}' is text and stands as it is: $$GUARDIAN::{name}$$";
            }
            if (formats.Length > 0 && !formats.Contains(format))
            {
                return $"'{name}' needs a format ({string.Join(", ", formats)}): $$GUARDIAN::{name}:{formats[0]}$$";
            }
            if (match.Groups["escape"].Success && BinaryFormats.Contains(format))
            {
                return $"'{format}' gives bytes that no JSON text can hold";
            }
            if (!isFile && BinaryFormats.Contains(format))
            {
                return $"'{format}' gives bytes that are no text; use {formats[0]} here, or a file";
            }
        }
        return Pattern().Replace(text, "").Contains("$$", StringComparison.Ordinal)
            ? "'$$' begins a placeholder: $$GUARDIAN::NAME:FORMAT$$"
            : null;
    }

    /// <summary>Replaces the placeholders of a text that <see cref="FindProblem"/> found good.</summary>
    /// <param name="valueOf">Gives a secret by its name, and whether the value before the last rotation is meant; null is nothing.</param>
    public static byte[] Replace(string text, Func<string, bool, SecretValue?> valueOf)
    {
        var result = new MemoryStream();
        var end = 0;
        foreach (Match match in Pattern().Matches(text))
        {
            result.Write(Encoding.UTF8.GetBytes(text[end..match.Index]));
            end = match.Index + match.Length;
            if (valueOf(match.Groups["name"].Value, match.Groups["previous"].Success) is { } value)
            {
                var bytes = Write(value, match.Groups["format"].Value);
                result.Write(match.Groups["escape"].Success ? JsonEncodedText.Encode(bytes).EncodedUtf8Bytes : bytes);
            }
        }
        result.Write(Encoding.UTF8.GetBytes(text[end..]));
        return result.ToArray();
    }

    private static string[] FormatsOf(SecretKind kind) => kind switch
    {
        SecretKind.Binary => RandomFormats,
        SecretKind.PrivateKey => [.. KeyFormats, "pkcs8"],
        SecretKind.PublicKey => KeyFormats,
        SecretKind.X509 or SecretKind.X509Authority => CertificateFormats,
        _ => [],
    };

    private static byte[] Write(SecretValue value, string format) => format switch
    {
        "hex" => Encoding.ASCII.GetBytes(Convert.ToHexStringLower(value.Bytes)),
        "base64" => Encoding.ASCII.GetBytes(Convert.ToBase64String(value.Bytes)),
        "base64url" => Encoding.ASCII.GetBytes(Base64Url.EncodeToString(value.Bytes)),
        "base32" => Encoding.ASCII.GetBytes(Base32(value.Bytes, isPadded: true)),
        "base32nopad" => Encoding.ASCII.GetBytes(Base32(value.Bytes, isPadded: false)),
        "pem" or "crt" or "chain" or "privatekey" => Encoding.ASCII.GetBytes(value.Pem(format)),
        _ => value.Bytes,
    };

    // RFC 4648, 6.
    private static string Base32(ReadOnlySpan<byte> bytes, bool isPadded)
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

    [GeneratedRegex(@"\$\$(?:GUARDIAN|SCONE)::(?<name>[A-Za-z0-9_-]+)(?<previous>\.previous)?(?::(?<format>[a-z0-9]+))?(?<escape>\|escape\(json\))?\$\$", RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
