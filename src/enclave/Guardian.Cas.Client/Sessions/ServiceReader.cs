using System.Globalization;
using System.Text;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Protocol;
using Guardian.Documents;
using Guardian.Policies;

namespace Guardian.Cas.Client.Sessions;

/// <summary>Reads services, and the images they name.</summary>
internal sealed class ServiceReader(
    IReadOnlyList<SessionSecret> secrets, IReadOnlyList<SessionVolume> volumes, IReadOnlyList<SessionImage> images, SecurityRules security)
{
    // Room for the largest secret many times over, with text around it.
    private const int MaxFileSize = 256 * 1024;
    private const int MaxCpuSeconds = 366 * 24 * 3600;
    private const int MaxMemoryMiB = 4096;
    private const int MaxHostArguments = 64;
    private const int MaxPrograms = 64;

    private static readonly Dictionary<string, VolumeUpdate> Updates = new()
    {
        ["rollback_protected"] = VolumeUpdate.RollbackProtected,
        ["interval"] = VolumeUpdate.Interval,
        ["ephemeral"] = VolumeUpdate.Ephemeral,
        ["no_rollback_protection"] = VolumeUpdate.NoRollbackProtection,
    };

    private static readonly Dictionary<string, NetworkProtocol> Protocols = new()
    {
        ["tls"] = NetworkProtocol.Tls,
        ["plain"] = NetworkProtocol.Plain,
        ["attested"] = NetworkProtocol.Attested,
    };

    public SessionService Read(YamlMap map)
    {
        var name = SessionFields.ReadName(map);
        var image = ReadImageName(map);
        var provisioned = map.OptionalText("secret_provisioning");
        if (provisioned is not null && secrets.All(secret => secret.Name != provisioned))
        {
            map.ReportAt("secret_provisioning", $"there is no secret '{provisioned}'; add it under 'secrets'");
        }
        var network = map.Map("network");
        var own = ReadImage(map, name: "");
        var stdio = map.Map("stdio");
        var service = new SessionService
        {
            Name = name,
            Policy = security.Apply(map, PolicyReader.Read(map)),
            IsSingleton = security.IsSingleton,
            Command = ReadCommand(map, isOptional: provisioned is not null),
            Environment = ReadEnvironment(map),
            Pwd = SessionFields.ReadPath(map, "pwd", absent: "/"),
            Programs = ReadPrograms(map),
            MaxActivations = (int?)map.OptionalInteger("max_activations", 1, int.MaxValue),
            StartTokenIssuers = SecretRoles.ReadRule(map, "start_tokens", mayBeNobody: false),
            Replicas = (int?)map.OptionalInteger("replicas", 1, SessionService.MaxReplicas),
            Files = [.. image.Files, .. own.Files],
            Volumes = [.. image.Volumes, .. own.Volumes],
            Tags = ReadTags(map),
            Listen = [.. (network?.Maps("listen") ?? []).Select(ReadListen)],
            Connect = [.. (network?.Maps("connect") ?? []).Select(ReadConnect)],
            EncryptsStdio = stdio?.Flag("encrypted", absent: true) ?? false,
            StdioReaders = AccessReader.ReadRule(stdio, "readers") ?? AccessRule.Creator,
            Limits = ReadLimits(map.Map("limits")),
            Host = ReadHost(map.Map("host")),
            ProvisionedSecret = provisioned,
        };
        network?.End();
        stdio?.End();
        SconeForms.CheckService(map);
        map.End();
        ServiceChecks.Report(map, service);
        return service;
    }

    /// <summary>Reads the volumes and files of an image, or those that a service has itself.</summary>
    public SessionImage ReadImage(YamlMap map, string name) => new(
        name, [.. map.Maps("volumes").Select(ReadMount)], [.. map.Maps("injection_files").Select(ReadFile)]);

    /// <summary>Reports attested connections to services that the session does not have.</summary>
    public static void CheckPeers(IReadOnlyList<(YamlMap Map, SessionService Service)> services)
    {
        var names = services.Select(each => each.Service.Name).ToHashSet();
        foreach (var (map, service) in services)
        {
            var peers = service.Listen.SelectMany(each => each.Peers).Concat(service.Connect.SelectMany(each => each.Peers));
            foreach (var peer in peers.Where(peer => peer.Session is null && !names.Contains(peer.Service)))
            {
                map.ReportAt("network", $"there is no service '{peer.Service}' for an attested connection");
            }
        }
    }

    private SessionImage ReadImageName(YamlMap map)
    {
        if (map.OptionalText("image_name") is not { } wanted)
        {
            return SessionImage.None;
        }
        if (images.FirstOrDefault(image => image.Name == wanted) is { } found)
        {
            return found;
        }
        map.ReportAt("image_name", $"there is no image '{wanted}'; add it under 'images'");
        return SessionImage.None;
    }

    private string[] ReadCommand(YamlMap map, bool isOptional)
    {
        // The manifest of a Gramine program holds its command.
        string[] command = isOptional && !map.Has("command") ? []
            : map.Find("command") is YamlList ? [.. map.Texts("command").Select(part => part.Value)]
            : map.Text("command").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        SconeForms.CheckCommand(map.Find("command"));
        foreach (var part in command)
        {
            CheckPlaceholders(part, isFile: false, message => map.ReportAt("command", message));
            ServiceChecks.ReportNul(map.Find("command")!, part);
            SconeForms.CheckHostValue(map.Find("command")!, part);
        }
        return command;
    }

    // One digest, or a list: during an update, the old program and the new one run side by side.
    private static List<string> ReadPrograms(YamlMap map)
    {
        const string Meaning = "the SHA-256 of the WASI module that may run";
        if (map.Find("program") is not YamlList)
        {
            return SessionFields.ReadHash(map, "program", Meaning) is { } only ? [only] : [];
        }
        var programs = map.Texts("program");
        if (programs.Count is 0 or > MaxPrograms)
        {
            map.ReportAt("program", $"'program' lists 1 to {MaxPrograms} digests");
        }
        foreach (var program in programs.Where(program => !KeyHash.IsHash(program.Value)))
        {
            program.Report($"'program' must be the 64 lower-case hex digits of {Meaning}");
        }
        return [.. programs.Select(program => program.Value).Distinct()];
    }

    private Dictionary<string, string> ReadEnvironment(YamlMap map)
    {
        var environment = new Dictionary<string, string>();
        if (map.Map("environment") is { } variables)
        {
            foreach (var variable in variables.Names)
            {
                environment[variable] = variables.OptionalText(variable) ?? "";
                CheckPlaceholders(environment[variable], isFile: false, message => variables.ReportAt(variable, message));
                ServiceChecks.ReportVariable(variables.Find(variable)!, variable, environment[variable]);
                SconeForms.CheckHostValue(variables.Find(variable)!, environment[variable]);
                SconeForms.CheckHostValue(variables.Find(variable)!, variable);
            }
        }
        return environment;
    }

    private List<string> ReadTags(YamlMap map)
    {
        var tags = new List<string>();
        var given = map.Texts("tags");
        if (given.Count > SessionDocument.MaxEntries)
        {
            map.ReportAt("tags", $"'tags' has {given.Count} entries; at most {SessionDocument.MaxEntries} are allowed");
        }
        foreach (var tag in given.Take(SessionDocument.MaxEntries))
        {
            if (!SessionFields.IsName(tag.Value) || volumes.Any(volume => volume.Name == tag.Value))
            {
                tag.Report($"'{tag.Value}' is not a name of a tag: letters, digits and -_, and not the name of a volume");
            }
            tags.Add(tag.Value);
        }
        return tags;
    }

    private VolumeMount ReadMount(YamlMap map)
    {
        var update = map.Word("update_policy", Updates, VolumeUpdate.RollbackProtected);
        var mount = new VolumeMount(
            SessionFields.ReadName(map), SessionFields.ReadPath(map), update, map.Flag("per_replica", absent: false));
        if (volumes.All(volume => volume.Name != mount.Name))
        {
            map.ReportAt("name", $"there is no volume '{mount.Name}'; add it under 'volumes'");
        }
        map.End();
        return mount;
    }

    private SessionFile ReadFile(YamlMap map)
    {
        var path = SessionFields.ReadPath(map);
        var content = map.OptionalText("content") ?? "";
        if (!map.Has("content"))
        {
            map.ReportMissing("content");
        }
        if (Encoding.UTF8.GetByteCount(content) > MaxFileSize)
        {
            map.ReportAt("content", $"a file in memory has at most {MaxFileSize} bytes; use a volume");
        }
        CheckPlaceholders(content, isFile: true, message => map.ReportAt("content", message));
        var mode = map.OptionalText("mode") ?? "0600";
        var bits = mode.Length is >= 3 and <= 5 && mode.All(digit => digit is >= '0' and <= '7') ? Convert.ToInt32(mode, 8) : -1;
        if (bits is < 0 or > 0b111_111_111)
        {
            map.ReportAt("mode", $"a mode is octal, such as 0600, at most 0777, not '{mode}'");
        }
        SconeForms.CheckFile(map);
        map.End();
        return new SessionFile(path, content, Math.Max(bits, 0));
    }

    private SessionListen ReadListen(YamlMap map)
    {
        var (protocol, identity, authority, peers) = ReadProtection(map, "client_ca");
        if (protocol == NetworkProtocol.Tls && identity is null)
        {
            map.Report("a TLS server needs a certificate: name an x509 secret as 'identity'");
        }
        var listen = new SessionListen((int)map.Integer("port", 1, ushort.MaxValue), protocol, identity, authority, peers);
        map.End();
        return listen;
    }

    private SessionConnect ReadConnect(YamlMap map)
    {
        var (protocol, identity, authority, peers) = ReadProtection(map, "ca");
        var host = map.Text("host");
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown && host.Length > 0)
        {
            map.ReportAt("host", $"'{host}' is not a name or address of a host");
        }
        var connect = new SessionConnect(host, (int)map.Integer("port", 1, ushort.MaxValue), protocol, identity, authority, peers);
        map.End();
        return connect;
    }

    private (NetworkProtocol Protocol, string? Identity, string? Authority, IReadOnlyList<SessionPeer> Peers) ReadProtection(
        YamlMap map, string authorityMember)
    {
        var protocol = map.Word("protocol", Protocols, NetworkProtocol.Tls);
        return protocol switch
        {
            NetworkProtocol.Attested => (protocol, null, null, PeerReader.Read(map)),
            NetworkProtocol.Plain => (protocol, null, null, []),
            _ => (
                protocol, ReadSecretName(map, "identity", SecretKind.X509),
                ReadSecretName(map, authorityMember, SecretKind.X509Authority), []),
        };
    }

    private string? ReadSecretName(YamlMap map, string member, SecretKind kind)
    {
        var name = map.OptionalText(member);
        if (name is not null && secrets.All(secret => secret.Name != name || secret.Kind != kind))
        {
            map.ReportAt(member, $"'{name}' is not an {(kind == SecretKind.X509 ? "x509" : "x509-ca")} secret of this session");
        }
        return name;
    }

    private static LimitsConfiguration ReadLimits(YamlMap? map)
    {
        var limits = new LimitsConfiguration(
            (int?)map?.OptionalInteger("cpu_seconds", 1, MaxCpuSeconds), (int?)map?.OptionalInteger("memory_mib", 1, MaxMemoryMiB));
        map?.End();
        return limits;
    }

    private static HostConfiguration ReadHost(YamlMap? map)
    {
        var host = new HostConfiguration(
            (int)(map?.OptionalInteger("arguments", 0, MaxHostArguments) ?? 0),
            [.. map?.Texts("environment").Select(name => name.Value) ?? []]);
        map?.End();
        return host;
    }

    private void CheckPlaceholders(string text, bool isFile, Action<string> report)
    {
        if (Placeholders.FindProblem(text, isFile, name => secrets.FirstOrDefault(secret => secret.Name == name)?.Kind) is { } problem)
        {
            report(problem);
        }
    }
}
