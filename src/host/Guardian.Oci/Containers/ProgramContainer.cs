using System.Globalization;
using System.Text.Json.Nodes;
using Guardian.Kubernetes;
using Guardian.Oci.Node;
using Guardian.Refusals;

namespace Guardian.Oci.Containers;

/// <summary>
/// A container whose process is a module. Its root becomes Guardian's own files, its image becomes data under <c>/image</c>, and its
/// process becomes <c>guardian run</c>. Namespaces, control groups, streams, user and network stay as the engine described them.
/// </summary>
/// <remarks>Nothing here is trusted: the enclave computes the digest of the image, and the session names it.</remarks>
internal sealed class ProgramContainer(
    string image, string module, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, JsonObject annotations,
    JsonObject process)
{
    private const long Mebibyte = 1 << 20;
    private const string ImageFolder = "/image";
    private const string TemporaryFolder = "/tmp";

    // A program sees no mount of the host, so only these stay: the engine's own, volumes, temporary files (ciphertext), tokens of starts.
    private static readonly string[] KeptFolders = ["/proc", "/dev", "/sys", TemporaryFolder, "/volumes", "/run/guardian"];
    private static readonly string[] KeptFiles = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"];

    // The engine's variables for a shell would reach Guardian's own program.
    private static readonly string[] DroppedVariables = [
        "PATH=", "HOME=", "LD_", "DOTNET_", "GUARDIAN_STATE=", "GUARDIAN_MACHINE=", "GUARDIAN_MODULES="];

    /// <summary>The user of the process.</summary>
    public (uint Id, uint Group) User => ((uint?)process["user"]?["uid"] ?? 0, (uint?)process["user"]?["gid"] ?? 0);

    /// <summary>Changes the description.</summary>
    /// <exception cref="RefusedException">The program has no session, or a setting is malformed.</exception>
    public void Rewrite(JsonObject spec, NodeSettings node, SgxHost host, NodeFolders folders)
    {
        var settings = ReadSettings();
        var session = settings.Read(ProgramSettings.Session);
        var cas = settings.Read(ProgramSettings.Cas) ?? node.Cas;
        if (session is null || cas is null)
        {
            throw new RefusedException(ProgramReasons.NoSession.Because(
                $"{module} is a program for an enclave, and nothing names its {(session is null ? "session" : "CAS")}"));
        }
        spec["root"] = new JsonObject { ["path"] = node.Rootfs, ["readonly"] = true };
        var kept = (spec["mounts"] as JsonArray ?? []).Where(mount => IsKept(DestinationOf(mount))).ToList();
        spec["mounts"] = new JsonArray(
        [
            .. kept.Exists(mount => DestinationOf(mount) == TemporaryFolder) ? [] : new[] { Temporary(TemporaryFolder) },
            .. kept.Select(mount => mount!.DeepClone()),
            Bind(image, ImageFolder, "ro", "noexec"),
            Temporary("/var/lib/guardian"),
            Bind(folders.Create("modules"), "/var/lib/guardian/modules", "rw", "noexec"),
            Bind(folders.Create("machine"), "/var/lib/guardian/machine", "rw", "noexec"),
        ]);
        process["args"] = new JsonArray(
            [.. Words([.. node.Entrypoint, "--session", session, "--cas", cas, "--tree", ImageFolder, "--", module, .. arguments])]);
        process["env"] = new JsonArray(
        [
            .. Words([
                .. node.Environment.Concat(environment.Where(variable => !DroppedVariables.Any(
                    dropped => variable.StartsWith(dropped, StringComparison.Ordinal)))),
                "GUARDIAN_STATE=/var/lib/guardian", "GUARDIAN_MACHINE=/var/lib/guardian/machine",
                "GUARDIAN_MODULES=/var/lib/guardian/modules",
            ]),
        ]);
        process["cwd"] = "/";
        process["noNewPrivileges"] = true;
        annotations[Bundle.ProgramAnnotation] = module;
        spec["annotations"] = annotations.DeepClone();
        AddDevices(spec, host);
        LimitEpc(spec, host, settings.ReadEpc());
    }

    private ProgramSettings ReadSettings() => new(
        module, (string?)annotations["io.kubernetes.cri.container-name"] ?? (string?)annotations["io.kubernetes.container.name"],
        name => environment.FirstOrDefault(each => each.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..],
        name => (string?)annotations[name]);

    private void AddDevices(JsonObject spec, SgxHost host)
    {
        foreach (var device in host.FindDevices())
        {
            var linux = Object(spec, "linux");
            Array(linux, "devices").Add((JsonNode)new JsonObject
            {
                ["path"] = device.Path,
                ["type"] = "c",
                ["major"] = device.Major,
                ["minor"] = device.Minor,
                ["fileMode"] = device.Mode,
                ["uid"] = 0,
                ["gid"] = device.Group,
            });
            Array(Object(linux, "resources"), "devices").Add((JsonNode)new JsonObject
            {
                ["allow"] = true,
                ["type"] = "c",
                ["major"] = device.Major,
                ["minor"] = device.Minor,
                ["access"] = "rw",
            });

            // The device belongs to a group of the host, which a user in a container is not in.
            Array(Object(process, "user"), "additionalGids").Add((JsonNode)device.Group);
        }
    }

    private static void LimitEpc(JsonObject spec, SgxHost host, long? mebibytes)
    {
        if (mebibytes is not null && host.LimitsEpc)
        {
            Object(Object(Object(spec, "linux"), "resources"), "unified")["misc.max"] =
                string.Create(CultureInfo.InvariantCulture, $"sgx_epc {mebibytes * Mebibyte}");
        }
    }

    private static string DestinationOf(JsonNode? mount) => (string?)mount?["destination"] ?? "";

    private static bool IsKept(string destination) =>
        KeptFiles.Contains(destination) || KeptFolders.Any(folder =>
            destination == folder || destination.StartsWith(folder + "/", StringComparison.Ordinal));

    private static JsonObject Bind(string source, string destination, params string[] options) => new()
    {
        ["destination"] = destination,
        ["type"] = "bind",
        ["source"] = source,
        ["options"] = new JsonArray([.. Words(["rbind", "nosuid", "nodev", .. options])]),
    };

    private static JsonObject Temporary(string destination) => new()
    {
        ["destination"] = destination,
        ["type"] = "tmpfs",
        ["source"] = "tmpfs",
        ["options"] = new JsonArray([.. Words(["nosuid", "nodev", "noexec", "mode=1777", "size=64m"])]),
    };

    private static IEnumerable<JsonNode> Words(IEnumerable<string> words) => words.Select(word => (JsonNode)word);

    private static JsonObject Object(JsonObject parent, string name)
    {
        if (parent[name] is not JsonObject child)
        {
            parent[name] = child = [];
        }
        return child;
    }

    private static JsonArray Array(JsonObject parent, string name)
    {
        if (parent[name] is not JsonArray child)
        {
            parent[name] = child = [];
        }
        return child;
    }
}
