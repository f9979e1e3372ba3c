using System.Text.RegularExpressions;

namespace Guardian.Cas.Client.Sessions;

/// <summary>The placeholders of secrets: <c>$$GUARDIAN::NAME:FORMAT$$</c> or <c>$$SCONE::…$$</c>. The CAS replaces them.</summary>
internal static partial class Placeholders
{
    private static readonly string[] RandomFormats = ["hex", "base64", "base64url", "base32", "base32nopad", "bin"];
    private static readonly string[] KeyFormats = ["pem", "base64", "hex", "der"];
    private static readonly string[] CertificateFormats = ["crt", "chain", "privatekey", "base64", "der", "pkcs12"];

    // These give bytes that are not text, so only files may hold them.
    private static readonly string[] BinaryFormats = ["bin", "der", "pkcs8", "pkcs12"];

    /// <summary>Checks the placeholders of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="isFile">Whether the text is the content of a file, which may hold any bytes.</param>
    /// <param name="kindOf">Gives the kind of a secret; null when there is none of that name.</param>
    /// <returns>The first problem, or null.</returns>
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
                return $"'{name}' is text and has no formats: $$GUARDIAN::{name}$$";
            }
            if (formats.Length > 0 && !formats.Contains(format))
            {
                return $"'{name}' needs a format ({string.Join(", ", formats)}): $$GUARDIAN::{name}:{formats[0]}$$";
            }
            if (match.Groups["escape"].Success && BinaryFormats.Contains(format))
            {
                return $"'{format}' gives bytes that a JSON text cannot hold";
            }
            if (!isFile && BinaryFormats.Contains(format))
            {
                return $"'{format}' gives bytes that are not text; use {formats[0]} here, or a file";
            }
        }
        return Pattern().Replace(text, "").Contains("$$", StringComparison.Ordinal)
            ? "'$$' begins a placeholder: $$GUARDIAN::NAME:FORMAT$$"
            : null;
    }

    /// <summary>Lists the secrets that the placeholders of a text name.</summary>
    /// <param name="text">The text.</param>
    /// <param name="format">The only format that counts; null for all.</param>
    public static IReadOnlyList<string> NamesIn(string text, string? format = null) =>
    [
        .. Pattern().Matches(text).Where(match => format is null || match.Groups["format"].Value == format)
            .Select(match => match.Groups["name"].Value),
    ];

    /// <summary>Matches a placeholder.</summary>
    [GeneratedRegex(
        @"\$\$(?:GUARDIAN|SCONE)::(?<name>[A-Za-z0-9_-]+)(?<previous>\.previous)?"
        + @"(?::(?<format>[a-z0-9]+))?(?<escape>\|escape\(json\))?\$\$",
        RegexOptions.ExplicitCapture)]
    public static partial Regex Pattern();

    private static string[] FormatsOf(SecretKind kind) => kind switch
    {
        SecretKind.Binary => RandomFormats,
        SecretKind.PrivateKey => [.. KeyFormats, "pkcs8"],
        SecretKind.PublicKey => KeyFormats,
        SecretKind.X509 or SecretKind.X509Authority => CertificateFormats,
        _ => [],
    };
}
