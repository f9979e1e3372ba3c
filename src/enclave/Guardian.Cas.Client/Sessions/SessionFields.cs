using System.Buffers;
using System.Globalization;
using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Documents;

namespace Guardian.Cas.Client.Sessions;

/// <summary>Reads values that occur in many places of a session. Each method reports a bad value, and reading continues.</summary>
internal static class SessionFields
{
    private const int MaxNameSize = 128;

    // PATH_MAX of Linux without the terminating zero.
    private const int MaxPathSize = 4095;

    // RFC 3986, 2.3; a slash separates namespaces.
    private static readonly SearchValues<char> SessionNameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/");

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>Reads the name of a service, secret or volume.</summary>
    public static string ReadName(YamlMap owner, string member = "name")
    {
        var name = owner.Text(member);
        if (!IsName(name))
        {
            owner.ReportAt(member, $"'{name}' is not a name: at most {MaxNameSize} letters, digits and -_");
        }
        return name;
    }

    /// <summary>Whether the text can name a service, secret or volume.</summary>
    public static bool IsName(string name) => name.Length <= MaxNameSize && !name.AsSpan().ContainsAnyExcept(NameCharacters);

    /// <summary>Whether the text has the length and the characters of a session's name.</summary>
    public static bool MayNameSession(string name) => name.Length <= MaxNameSize && !name.AsSpan().ContainsAnyExcept(SessionNameCharacters);

    /// <summary>Reads the name of a session.</summary>
    public static string ReadSessionName(YamlMap owner, string member)
    {
        var name = owner.Text(member);
        if (!MayNameSession(name))
        {
            owner.ReportAt(member, $"'{name}' is not a name of a session: at most {MaxNameSize} letters, digits and -_.~/");
        }
        if (name.StartsWith('/') || name.EndsWith('/') || name.Contains("//", StringComparison.Ordinal))
        {
            owner.ReportAt(member, "a slash stands between two parts of a name");
        }
        if (name.Split('/').Any(part => part is "." or ".."))
        {
            // HTTP clients shorten such an address, and would ask for another session.
            owner.ReportAt(member, "no part of a name may be '.' or '..'");
        }
        return name;
    }

    /// <summary>Reads 64 lower-case hex digits; null when absent.</summary>
    public static string? ReadHash(YamlMap owner, string member, string what)
    {
        var hash = owner.OptionalText(member);
        if (hash is not null && !KeyHash.IsHash(hash))
        {
            owner.ReportAt(member, $"'{member}' must be the 64 lower-case hex digits of {what}");
        }
        return hash;
    }

    /// <summary>Reads any name of a key, as <see cref="KeyHash.TryRead"/> does; null when absent.</summary>
    /// <returns>The hash of the key.</returns>
    public static string? ReadKey(YamlMap owner, string member)
    {
        if (owner.OptionalText(member) is not { } text)
        {
            return null;
        }
        if (KeyHash.TryRead(text) is { } key)
        {
            return key;
        }
        owner.ReportAt(member, "a key is its SHA-256 in hex, its base64 as 'guardian key show' prints it, or a certificate in PEM");
        return null;
    }

    /// <summary>Reads an absolute path without <c>.</c>, <c>..</c>, empty parts and a slash at the end.</summary>
    public static string ReadPath(YamlMap owner, string member = "path", string? absent = null)
    {
        if (absent is not null && owner.Find(member) is null)
        {
            return absent;
        }
        var path = owner.Text(member);
        if (path.Length > 0 && !IsPath(path))
        {
            owner.ReportAt(member, $"'{path}' must be an absolute path without '.', '..' and needless slashes");
        }
        return path;
    }

    /// <summary>Reads a span of time such as <c>90m</c>, <c>12h</c> or <c>30d</c>; null when absent.</summary>
    public static TimeSpan? ReadDuration(YamlMap owner, string member, TimeSpan minimum, TimeSpan maximum)
    {
        if (owner.OptionalText(member) is not { } text)
        {
            return null;
        }
        if (TryReadDuration(text) is { } duration && duration >= minimum && duration <= maximum)
        {
            return duration;
        }
        owner.ReportAt(
            member,
            $"'{member}' must be a span of time such as 90m, 12h or 30d, from {minimum.TotalSeconds:0} seconds "
            + $"to {maximum.TotalDays:0} days, not '{text}'");
        return null;
    }

    private static bool IsPath(string path) => path == "/"
        || (path.StartsWith('/') && !path.Contains('\0', StringComparison.Ordinal) && Encoding.UTF8.GetByteCount(path) <= MaxPathSize
            && !path[1..].Split('/').Any(part => part is "" or "." or ".."));

    private static TimeSpan? TryReadDuration(string text)
    {
        if (text.Length == 0
            || !int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > 1_000_000)
        {
            return null;
        }
        return text[^1] switch
        {
            's' => TimeSpan.FromSeconds(number),
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            'd' => TimeSpan.FromDays(number),
            _ => null,
        };
    }
}
