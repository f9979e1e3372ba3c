using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Documents;

namespace Guardian.Cas.Sessions;

/// <summary>Values that occur in many places of a session. Each reports what is wrong, and gives something to go on with.</summary>
internal static class SessionFields
{
    private const int MaxNameSize = 128;

    // As long as Linux takes.
    private const int MaxPathSize = 4095;

    // RFC 3986, 2.3; a slash parts namespaces.
    private static readonly SearchValues<char> SessionNameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/");

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>The name of a service, secret or volume.</summary>
    public static string Name(YamlMap owner, string member = "name")
    {
        var name = owner.Text(member);
        if (!IsName(name))
        {
            owner.ReportAt(member, $"'{name}' is no name: at most {MaxNameSize} letters, digits and -_");
        }
        return name;
    }

    /// <summary>Whether it is a name of a service, secret or volume.</summary>
    public static bool IsName(string name) => name.Length <= MaxNameSize && !name.AsSpan().ContainsAnyExcept(NameCharacters);

    /// <summary>Whether it has the size and the characters of a session's name.</summary>
    public static bool MayNameSession(string name) => name.Length <= MaxNameSize && !name.AsSpan().ContainsAnyExcept(SessionNameCharacters);

    /// <summary>The name of a session.</summary>
    public static string SessionName(YamlMap owner, string member)
    {
        var name = owner.Text(member);
        if (!MayNameSession(name))
        {
            owner.ReportAt(member, $"'{name}' is no name of a session: at most {MaxNameSize} letters, digits and -_.~/");
        }
        if (name.StartsWith('/') || name.EndsWith('/') || name.Contains("//", StringComparison.Ordinal))
        {
            owner.ReportAt(member, "a slash stands between two parts of a name");
        }
        if (name.Split('/').Any(part => part is "." or ".."))
        {
            // A client would shorten such an address, and ask for another session.
            owner.ReportAt(member, "no part of a name may be '.' or '..'");
        }
        return name;
    }

    /// <summary>64 lower-case hex digits, or null when absent.</summary>
    public static string? Hash(YamlMap owner, string member, string what)
    {
        var hash = owner.OptionalText(member);
        if (hash is not null && !IsHash(hash))
        {
            owner.ReportAt(member, $"'{member}' must be the 64 lower-case hex digits of {what}");
        }
        return hash;
    }

    /// <summary>An absolute path that says what it means: no '.', '..', empty part or end slash.</summary>
    public static string Path(YamlMap owner, string member = "path", string? absent = null)
    {
        if (absent is not null && !owner.Has(member))
        {
            owner.Find(member);
            return absent;
        }
        var path = owner.Text(member);
        if (path.Length > 0 && path != "/" && (!path.StartsWith('/') || path.Contains('\0', StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(path) > MaxPathSize
            || path[1..].Split('/').Any(part => part is "" or "." or "..")))
        {
            owner.ReportAt(member, $"'{path}' must be an absolute path without '.', '..' and needless slashes");
        }
        return path;
    }

    /// <summary>A span of time such as <c>90m</c>, <c>12h</c> or <c>30d</c>.</summary>
    public static TimeSpan? Duration(YamlMap owner, string member, TimeSpan minimum, TimeSpan maximum)
    {
        if (owner.OptionalText(member) is not { } text)
        {
            return null;
        }
        if (text.Length > 1 && long.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 1_000_000
            && text[^1] switch { 's' => TimeSpan.FromSeconds(1), 'm' => TimeSpan.FromMinutes(1), 'h' => TimeSpan.FromHours(1), 'd' => TimeSpan.FromDays(1), _ => default } is { Ticks: > 0 } unit
            && unit * number is var duration && duration >= minimum && duration <= maximum)
        {
            return duration;
        }
        owner.ReportAt(member, $"'{member}' must be a span of time such as 90m, 12h or 30d, from {minimum.TotalSeconds:0} seconds to {maximum.TotalDays:0} days, not '{text}'");
        return null;
    }

    /// <summary>SHA-256 of a key's SubjectPublicKeyInfo, however a person names the key: that hash, the public key in base64, or a certificate or public key in PEM. Null when it is none.</summary>
    public static string? KeyHash(string text)
    {
        if (IsHash(text))
        {
            return text;
        }
        try
        {
            var key = text.Contains("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal) ? CertificateKey(text)
                : text.Contains("-----BEGIN", StringComparison.Ordinal) ? PublicKey.CreateFromSubjectPublicKeyInfo(Der(text, "PUBLIC KEY"), out _).ExportSubjectPublicKeyInfo()
                : PublicKey.CreateFromSubjectPublicKeyInfo(Convert.FromBase64String(text), out _).ExportSubjectPublicKeyInfo();
            return Convert.ToHexStringLower(SHA256.HashData(key));
        }
        catch (Exception failure) when (failure is CryptographicException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The bytes of a PEM text with that label.</summary>
    /// <exception cref="ArgumentException">There is no such PEM.</exception>
    public static byte[] Der(string pem, string label)
    {
        var fields = PemEncoding.Find(pem);
        return pem[fields.Label] == label ? Convert.FromBase64String(pem[fields.Base64Data]) : throw new ArgumentException("another label", nameof(pem));
    }

    public static bool IsHash(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);

    private static byte[] CertificateKey(string pem)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        return certificate.PublicKey.ExportSubjectPublicKeyInfo();
    }
}
