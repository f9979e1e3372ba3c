using System.Net;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Keeping;
using Guardian.Documents;

namespace Guardian.Node.Caching;

/// <summary>The configuration of <c>guardian-node collateral</c>: one YAML file (docs/reference/node.md).</summary>
internal sealed record CacheConfiguration
{
    /// <summary>The address and port.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>A PEM file with the certificate and its chain; null serves without TLS, on loopback only.</summary>
    public required string? Certificate { get; init; }

    /// <summary>A PEM file with the certificate's key; null exactly when there is no certificate.</summary>
    public required string? Key { get; init; }

    /// <summary>The file with the token for <c>/metrics</c>; null answers it on loopback only.</summary>
    public required string? TokenFile { get; init; }

    /// <summary>The folder for collateral and certificates.</summary>
    public required string Folder { get; init; }

    /// <summary>The services, in the order in which they are asked; never empty.</summary>
    public required IReadOnlyList<Uri> Services { get; init; }

    /// <summary>The address of the root's revocation list; null for Intel's own.</summary>
    public required Uri? RootList { get; init; }

    /// <summary>A PEM file with the certificates that issue the services' own; null for the system's.</summary>
    public required string? Authority { get; init; }

    /// <summary>A PEM file with the root of trust in place of Intel's; null for Intel's.</summary>
    public required string? Root { get; init; }

    /// <summary>The platforms whose collateral is kept, besides those of hosts with PCK certificates.</summary>
    public required IReadOnlyList<PlatformId> Platforms { get; init; }

    /// <summary>Whether the early edition is kept too.</summary>
    public required bool KeepsEarly { get; init; }

    /// <summary>Whether version 3 of the interface is served too.</summary>
    public required bool ServesVersion3 { get; init; }

    /// <summary>A folder with files of Intel's PCK ID Retrieval Tool; null when certificates are put into the folder by hand.</summary>
    public required string? Hosts { get; init; }

    /// <summary>The file with the operator's key for Intel's service; null when there is none.</summary>
    public required string? SubscriptionKeyFile { get; init; }

    /// <summary>Reads a configuration. Never throws for any content.</summary>
    /// <param name="utf8">The file's bytes.</param>
    /// <param name="problems">Receives every mistake, with line and column.</param>
    /// <returns>The configuration, or null when there is a mistake.</returns>
    public static CacheConfiguration? Read(ReadOnlySpan<byte> utf8, DocumentProblems problems)
    {
        if (YamlDocument.Read(utf8, problems) is not { } map)
        {
            return null;
        }
        var hosts = map.OptionalText("hosts");
        var key = map.OptionalText("subscription_key_file");
        var (certificate, certificateKey) = (map.OptionalText("certificate"), map.OptionalText("key"));
        var configuration = new CacheConfiguration
        {
            Listen = ReadListen(map, certificate is not null),
            Certificate = certificate,
            Key = certificateKey,
            TokenFile = map.OptionalText("token_file"),
            Folder = map.OptionalText("folder") ?? "/var/lib/guardian/collateral",
            Services = ReadServices(map),
            RootList = map.OptionalText("root_crl") is { } list ? ReadAddress(list, problem => map.ReportAt("root_crl", problem)) : null,
            Authority = map.OptionalText("ca"),
            Root = map.OptionalText("root"),
            Platforms = ReadPlatforms(map),
            KeepsEarly = map.Flag("early", absent: true),
            ServesVersion3 = map.Flag("v3", absent: false),
            Hosts = hosts,
            SubscriptionKeyFile = key,
        };
        if ((certificate is null) != (certificateKey is null))
        {
            map.ReportAt(certificate is null ? "key" : "certificate", "certificate and key belong together");
        }
        if ((hosts is null) != (key is null))
        {
            map.ReportAt(hosts is null ? "subscription_key_file" : "hosts", "hosts and subscription_key_file belong together");
        }
        map.End();
        return problems.Any ? null : configuration;
    }

    private static IPEndPoint ReadListen(YamlMap map, bool hasCertificate)
    {
        var text = map.OptionalText("listen") ?? "127.0.0.1:8081";
        if (!IPEndPoint.TryParse(text, out var endPoint))
        {
            map.ReportAt("listen", $"'{text}' is not an address to listen on; give an IP address and a port, such as 127.0.0.1:8081");
            return new IPEndPoint(IPAddress.Loopback, 0);
        }
        if (!IPAddress.IsLoopback(endPoint.Address) && !hasCertificate)
        {
            map.ReportAt("listen", $"{text} is not a loopback address: give certificate and key too");
        }
        return endPoint;
    }

    private static List<Uri> ReadServices(YamlMap map)
    {
        List<Uri> services = [.. map.Texts("services").Select(each => ReadAddress(each.Value, each.Report))];
        return services.Count > 0 ? services : [CollateralDownload.IntelService];
    }

    private static Uri ReadAddress(string text, Action<string> report)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var address)
            && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp))
        {
            return address;
        }
        report($"'{text}' is no address: https://host:port/");
        return CollateralDownload.IntelService;
    }

    private static List<PlatformId> ReadPlatforms(YamlMap map)
    {
        var platforms = new List<PlatformId>();
        foreach (var each in map.Texts("platforms"))
        {
            if (PlatformId.TryParse(each.Value) is { } platform)
            {
                platforms.Add(platform);
            }
            else
            {
                each.Report($"'{each.Value}' is no platform; give it as 00606a000000:platform:sgx");
            }
        }
        return platforms;
    }
}
