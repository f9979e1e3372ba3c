using System.Text.Json;
using System.Text.Json.Nodes;
using Guardian.Files.Native;
using Guardian.Oci.Base;
using Guardian.Oci.Node;
using Guardian.Refusals;

namespace Guardian.Oci.Containers;

/// <summary>The folder in which an engine describes a container to its runtime (runtime-spec 1.0, <c>config.json</c>).</summary>
/// <param name="folder">The folder.</param>
internal sealed class Bundle(string folder)
{
    /// <summary>The annotation by which a program's container is known later. Its value is the program's path in the image.</summary>
    public const string ProgramAnnotation = "org.guardian.program";

    // Kubernetes describes pods with dozens of mounts and hundreds of variables in some 100 KiB.
    private const int MaxSize = 16 * 1024 * 1024;

    // Of two members with one name, runc could take the other one.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Makes an attested program of the container, if its process is a module. Another container stays as it is.</summary>
    /// <exception cref="RefusedException">The program has no session, or a setting is malformed.</exception>
    public void Prepare(NodeSettings node, SgxHost host)
    {
        var path = Path.Combine(folder, "config.json");
        if (new FileInfo(path).Length > MaxSize)
        {
            throw new InvalidDataException($"{path} has more than {MaxSize} bytes");
        }
        if (Rewrite(File.ReadAllBytes(path), node, host) is { } rewritten)
        {
            var next = path + ".guardian";
            File.WriteAllText(next, rewritten);
            File.SetUnixFileMode(next, File.GetUnixFileMode(path));
            File.Move(next, path, overwrite: true);
        }
    }

    /// <summary>Whether an exception means that a bundle cannot be used: foreign JSON has members of the wrong kind.</summary>
    internal static bool IsUnusable(Exception failure) => failure is IOException or UnauthorizedAccessException or JsonException
        or InvalidDataException or InvalidOperationException or FormatException or OverflowException;

    /// <summary>Makes an attested program of a description.</summary>
    /// <returns>The new description; null for a container that stays as it is.</returns>
    /// <exception cref="RefusedException">The program has no session, or a setting is malformed.</exception>
    internal string? Rewrite(ReadOnlySpan<byte> description, NodeSettings node, SgxHost host)
    {
        var spec = JsonNode.Parse(description, documentOptions: Strict) as JsonObject
            ?? throw new InvalidDataException("config.json is no object");
        if (Read(spec) is not { } program)
        {
            return null;
        }
        var user = program.User;
        var folders = new NodeFolders(
            node.State, NumberOnHost(spec, "uidMappings", user.Id), NumberOnHost(spec, "gidMappings", user.Group));
        program.Rewrite(spec, node, host, folders);
        return spec.ToJsonString();
    }

    // In a user namespace, the host knows a user by another number (runtime-spec, linux: uidMappings and gidMappings).
    private static uint NumberOnHost(JsonObject spec, string mappings, uint id)
    {
        foreach (var each in spec["linux"]?[mappings] as JsonArray ?? [])
        {
            if ((uint?)each?["containerID"] is { } first && (uint?)each["hostID"] is { } host && (uint?)each["size"] is { } size
                && id >= first && id - first < size)
            {
                return host + (id - first);
            }
        }
        return id;
    }

    // Null for a pod's sandbox, and for a process that is no module.
    private ProgramContainer? Read(JsonObject spec)
    {
        var annotations = spec["annotations"] as JsonObject;
        if ((string?)annotations?["io.kubernetes.cri.container-type"] == "sandbox"
            || (string?)annotations?["io.kubernetes.cri-o.ContainerType"] == "sandbox")
        {
            return null;
        }
        if (spec["process"] is not JsonObject process || process["args"] is not JsonArray args
            || spec["root"]?["path"] is not JsonValue rootPath)
        {
            return null;
        }
        var words = args.Select(word => (string?)word ?? "").ToList();

        // An engine's own first process passes signals on, which the runtime does itself.
        if (words.Count > 2 && words[1] == "--" && words[0].EndsWith("init", StringComparison.Ordinal))
        {
            words.RemoveRange(0, 2);
        }
        var rootName = (string)rootPath!;
        if (rootName.Contains('\0', StringComparison.Ordinal))
        {
            throw new InvalidDataException("the path of the container's root has a byte 0");
        }
        var root = Path.GetFullPath(rootName, Path.GetFullPath(folder));
        var environment = (process["env"] as JsonArray ?? []).Select(variable => (string?)variable ?? "").ToList();
        string? Variable(string name) =>
            environment.Find(each => each.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];
        return words.Count > 0
            && new ImageRoot(root).FindModule(words[0], (string?)process["cwd"] ?? "/", Variable("PATH")) is { } module
                ? new ProgramContainer(root, module, [.. words.Skip(1)], environment, annotations ?? [], process)
                : null;
    }
}

/// <summary>The folders that a node keeps for the programs of one user. Users do not reach each other's.</summary>
internal sealed record NodeFolders(string State, uint User, uint Group)
{
    /// <summary>Makes a folder that only this user and root can use.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Its path.</returns>
    public string Create(string name)
    {
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        var path = Path.Combine(State, name, User.ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path, owner);
        }
        return Libc.ChangeOwner(path, User, Group) == 0
            ? path
            : throw new IOException($"{path} cannot be given to user {User} (errno {Errno.Last})");
    }
}
