using System.Buffers.Text;
using System.Text;
using System.Text.RegularExpressions;

namespace Guardian.Cas;

/// <summary>Replaces <c>$$GUARDIAN::NAME:FORMAT$$</c> (or <c>$$SCONE::…$$</c>) by secrets.</summary>
internal static partial class Placeholders
{
    private const string Formats = "hex, base64, base64url";

    /// <summary>What is wrong with a text's placeholders, or null.</summary>
    /// <param name="kindOf">The kind of a secret, or null when there is none of that name.</param>
    public static string? FindProblem(string text, Func<string, SecretKind?> kindOf)
    {
        foreach (Match match in Pattern().Matches(text))
        {
            var (name, format) = (match.Groups["name"].Value, match.Groups["format"].Value);
            var problem = kindOf(name) switch
            {
                null => $"there is no secret '{name}' for {match.Value}; add it under 'secrets'",
                SecretKind.Ascii when format.Length > 0 => $"'{name}' is an ascii secret and stands as it is: $$GUARDIAN::{name}$$",
                SecretKind.Binary when format is not ("hex" or "base64" or "base64url") => $"'{name}' is a binary secret and needs a format ({Formats}): $$GUARDIAN::{name}:hex$$",
                _ => null,
            };
            if (problem is not null)
            {
                return problem;
            }
        }
        return Pattern().Replace(text, "").Contains("$$", StringComparison.Ordinal)
            ? "'$$' begins a placeholder: $$GUARDIAN::NAME:FORMAT$$"
            : null;
    }

    /// <summary>Replaces the placeholders of a text that <see cref="FindProblem"/> found good.</summary>
    public static string Replace(string text, Func<string, byte[]> valueOf) =>
        Pattern().Replace(text, match => Write(valueOf(match.Groups["name"].Value), match.Groups["format"].Value));

    private static string Write(byte[] value, string format) => format switch
    {
        "hex" => Convert.ToHexStringLower(value),
        "base64" => Convert.ToBase64String(value),
        "base64url" => Base64Url.EncodeToString(value),
        _ => Encoding.ASCII.GetString(value),
    };

    [GeneratedRegex(@"\$\$(?:GUARDIAN|SCONE)::(?<name>[A-Za-z0-9_-]+)(?::(?<format>[a-z0-9]+))?\$\$", RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
