using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Guardian.OpenStack.Placement;

namespace Guardian.Metering;

/// <summary>A server's claims of EPC, or of a TDX key, on this host, under one flavor.</summary>
/// <param name="Instance">The server.</param>
/// <param name="Flavor">The flavor's name.</param>
/// <param name="Claims">The claims, without their providers; empty when the server has neither.</param>
public sealed record KnownClaim(Guid Instance, string Flavor, IReadOnlyList<EpcClaim> Claims)
{
    private const string KeyMark = "+key";
    private const string TdxMark = "+tdx";

    // 64 bits of SHA-256 find every accidental change.
    private const int ChecksumDigits = 16;

    // Nova limits a flavor's name to 255 characters, and Linux a host to 1024 NUMA nodes.
    private const int MaxFlavorSize = 255;
    private const int MaxClaims = 64;
    private const int MaxNode = 1023;
    private const int MaxLineSize = 4096;

    /// <summary>The sum of the claims in MiB.</summary>
    public long Mebibytes => Claims.Sum(claim => claim.Mebibytes);

    /// <summary>Whether a line can hold it: it names a flavor, and its sizes are possible.</summary>
    internal bool IsExpressible => Flavor.Length is > 0 and <= MaxFlavorSize && !Flavor.Any(char.IsControl) && Claims.Count <= MaxClaims
        && Claims.All(claim => claim is { Mebibytes: >= 0 and <= int.MaxValue, Node: null or (>= 0 and <= MaxNode) }
            && (claim.Mebibytes > 0 || claim.TdxKey));

    /// <inheritdoc/>
    public bool Equals(KnownClaim? other) => other is not null && Instance == other.Instance && Flavor == other.Flavor
        && Claims.Select(Describe).SequenceEqual(other.Claims.Select(Describe));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Instance, Flavor, Claims.Count);

    /// <summary>Reads a line without its line feed; null when it is damaged. Never throws.</summary>
    /// <param name="line">The line.</param>
    public static KnownClaim? TryParse(string line)
    {
        if (line is null || line.Length > MaxLineSize || line.Split(' ', 4) is not [var checksum, var server, var sizes, var flavor]
            || checksum != Checksum(line[Math.Min(line.Length, ChecksumDigits + 1)..])
            || !Guid.TryParseExact(server, "D", out var instance))
        {
            return null;
        }
        var claims = new List<EpcClaim>();
        foreach (var size in sizes == "-" ? [] : sizes.Split(','))
        {
            if (TryParseClaim(size) is not { } claim)
            {
                return null;
            }
            claims.Add(claim);
        }
        var known = new KnownClaim(instance, flavor, claims);
        return known.IsExpressible ? known : null;
    }

    /// <summary>
    /// Makes the line: a checksum, the server, the claims as <c>MIB@NODE,MIB@NODE</c> (<c>-</c> when there is none, no <c>@NODE</c> when it
    /// is not known, <c>+key</c> after each when the server may use the provisioning key, <c>+tdx</c> after the one with a TDX key), the
    /// flavor, and a line feed.
    /// </summary>
    public byte[] ToLine()
    {
        var text = $"{Instance} {(Claims.Count == 0 ? "-" : string.Join(',', Claims.Select(Describe)))} {Flavor}";
        return Encoding.UTF8.GetBytes($"{Checksum(text)} {text}\n");
    }

    private static string Describe(EpcClaim claim)
    {
        var node = claim.Node is { } number ? string.Create(CultureInfo.InvariantCulture, $"@{number}") : "";
        var marks = (claim.ProvisionKey ? KeyMark : "") + (claim.TdxKey ? TdxMark : "");
        return string.Create(CultureInfo.InvariantCulture, $"{claim.Mebibytes}{node}{marks}");
    }

    private static EpcClaim? TryParseClaim(string text)
    {
        var isTdx = TryRemove(TdxMark, ref text);
        var hasKey = TryRemove(KeyMark, ref text);
        var parts = text.Split('@');
        int? node = null;
        if (parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            node = number;
        }
        return parts.Length == (node is null ? 1 : 2)
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var mebibytes)
                ? new EpcClaim(Guid.Empty, node, mebibytes) { ProvisionKey = hasKey, TdxKey = isTdx }
                : null;
    }

    private static bool TryRemove(string mark, ref string text)
    {
        var isThere = text.EndsWith(mark, StringComparison.Ordinal);
        text = isThere ? text[..^mark.Length] : text;
        return isThere;
    }

    private static string Checksum(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, ChecksumDigits / 2));
}
