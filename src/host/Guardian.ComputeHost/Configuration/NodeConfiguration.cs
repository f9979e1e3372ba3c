using System.Globalization;
using System.Text;
using Guardian.ComputeHost.Machine;
using Guardian.Documents;

namespace Guardian.ComputeHost.Configuration;

/// <summary>The configuration of <c>guardian-node</c>: one YAML file (docs/reference/node.md).</summary>
public sealed record NodeConfiguration
{
    // unix(7): sun_path has 108 bytes, with the zero at the end.
    private const int MaxSocketPath = 107;

    private static readonly Dictionary<string, ProvisionKeyRule> ProvisionKeyWords = new()
    {
        ["false"] = ProvisionKeyRule.Nobody, ["true"] = ProvisionKeyRule.Everybody, ["flavor"] = ProvisionKeyRule.ByFlavor,
    };

    /// <summary>The path of the socket on which the relay listens, unless systemd passes one.</summary>
    public required string Listen { get; init; }

    /// <summary>libvirtd's socket.</summary>
    public required string Upstream { get; init; }

    /// <summary>The users that may connect to the relay, by number.</summary>
    public required IReadOnlySet<uint> Users { get; init; }

    /// <summary>The host's EPC sections, if the kernel does not report them; else empty.</summary>
    public required IReadOnlyList<EpcSection> Sections { get; init; }

    /// <summary>The guests with EPC that may use the provisioning key.</summary>
    public required ProvisionKeyRule ProvisionKey { get; init; }

    /// <summary>Whether guests with EPC get a vsock device, over which they reach the host's quoting service.</summary>
    public required bool GuestVsock { get; init; }

    /// <summary>Whether the host offers TDX guests, if it can run them.</summary>
    public required bool TdxGuests { get; init; }

    /// <summary>The cloud's name in <c>clouds.yaml</c>; null means <c>OS_CLOUD</c> and its companions in the environment.</summary>
    public required string? Cloud { get; init; }

    /// <summary>Nova's name of this host; null means libvirt's (<see cref="HostName"/>).</summary>
    public required string? Host { get; init; }

    /// <summary>The EPC that is kept for the host's own enclaves, in MiB.</summary>
    public required long ReservedMebibytes { get; init; }

    /// <summary>A program whose exit code 0 means that the host may take guests with EPC; null means the built-in check.</summary>
    public required string? Check { get; init; }

    /// <summary>The path of the meter's journal.</summary>
    public required string Journal { get; init; }

    /// <summary>The address that answers monitoring and billing, and its protection; null when nothing answers.</summary>
    public required MonitoringAddress? Monitoring { get; init; }

    /// <summary>Reads a configuration. Never throws for any content.</summary>
    /// <param name="utf8">The file's bytes.</param>
    /// <param name="accounts">The text of <c>/etc/passwd</c>, for users given by name.</param>
    /// <param name="problems">Receives every mistake, with line and column.</param>
    /// <returns>The configuration, or null when there is a mistake.</returns>
    public static NodeConfiguration? Read(ReadOnlySpan<byte> utf8, string accounts, DocumentProblems problems)
    {
        if (YamlDocument.Read(utf8, problems) is not { } map)
        {
            return null;
        }
        var relay = map.Map("relay");
        var sgx = map.Map("sgx");
        var tdx = map.Map("tdx");
        var cloud = map.Map("openstack");
        var meter = map.Map("meter");
        var configuration = new NodeConfiguration
        {
            Listen = ReadSocket(relay, "listen") ?? "/run/guardian/libvirt.sock",
            Upstream = ReadSocket(relay, "upstream") ?? "/run/libvirt/libvirt-sock",
            Users = ReadUsers(relay, accounts),
            Sections = [.. (sgx?.Maps("sections") ?? []).Select(ReadSection)],
            ProvisionKey = sgx?.Word("provision_key", ProvisionKeyWords, ProvisionKeyRule.Nobody) ?? ProvisionKeyRule.Nobody,
            GuestVsock = sgx?.Flag("guest_vsock", absent: false) ?? false,
            TdxGuests = tdx?.Flag("guests", absent: false) ?? false,
            ReservedMebibytes = sgx?.OptionalInteger("reserved_mib", 0, 1 << 30) ?? 0,
            Check = sgx?.OptionalText("check"),
            Journal = meter?.OptionalText("journal") ?? "/var/lib/guardian/epc.journal",
            Monitoring = MonitoringAddress.Read(meter),
            Cloud = cloud?.OptionalText("cloud"),
            Host = cloud?.OptionalText("host"),
        };
        relay?.End();
        sgx?.End();
        tdx?.End();
        cloud?.End();
        meter?.End();
        map.End();
        return problems.Any ? null : configuration;
    }

    private static string? ReadSocket(YamlMap? relay, string name)
    {
        var path = relay?.OptionalText(name);
        if (path is not null && Encoding.UTF8.GetByteCount(path) is 0 or > MaxSocketPath)
        {
            relay!.ReportAt(name, $"a socket's path has 1 to {MaxSocketPath} bytes");
        }
        return path;
    }

    private static EpcSection ReadSection(YamlMap section)
    {
        var read = new EpcSection((int)section.Integer("node", 0, 1023), section.Integer("mib", 1, 1 << 30) * 1024);
        section.End();
        return read;
    }

    private static HashSet<uint> ReadUsers(YamlMap? relay, string accounts)
    {
        // Root can do everything without the relay, so a refusal would protect nothing.
        var users = new HashSet<uint> { 0 };
        foreach (var user in relay?.Texts("users") ?? [])
        {
            if (uint.TryParse(user.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || TryFindUser(accounts, user.Value, out number))
            {
                users.Add(number);
            }
            else
            {
                user.Report($"there is no user '{user.Value}' on this host; give a name of /etc/passwd, or a number");
            }
        }
        return users;
    }

    // name:password:uid:gid:... (passwd(5))
    private static bool TryFindUser(string accounts, string name, out uint number)
    {
        number = 0;
        var account = accounts.Split('\n').Select(line => line.Split(':')).FirstOrDefault(fields => fields.Length > 2 && fields[0] == name);
        return account is not null && uint.TryParse(account[2], NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}

/// <summary>The guests with EPC that may use the provisioning key, with which an enclave identifies the host's processor.</summary>
public enum ProvisionKeyRule
{
    /// <summary>None.</summary>
    Nobody,

    /// <summary>All.</summary>
    Everybody,

    /// <summary>Those whose flavor requests <c>CUSTOM_SGX_PROVISION_KEY</c>.</summary>
    ByFlavor,
}
