using Guardian.Refusals;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Guardian.OpenStack.Configuration;

/// <summary>Finds a cloud in <c>clouds.yaml</c> and its secrets in <c>secure.yaml</c>, in the stock client's places.</summary>
internal static class CloudFile
{
    // A map may merge itself.
    private const int MaxMerges = 8;

    private static readonly string[] Extensions = ["yaml", "yml", "json"];

    /// <summary>Reads the cloud's members: those below <c>auth</c> and those beside it.</summary>
    /// <exception cref="RefusedException"><see cref="CloudReasons.Settings"/>: there is no such file or cloud, or the file is not
    /// YAML.</exception>
    public static Dictionary<string, string> Read(string cloud, Func<string, string?> environment)
    {
        var values = new Dictionary<string, string>();
        var file = environment("OS_CLIENT_CONFIG_FILE") is { Length: > 0 } given ? given : FindFile("clouds", environment);
        if (file is null || !File.Exists(file))
        {
            var missing = file ?? "clouds.yaml here, in ~/.config/openstack or in /etc/openstack";
            throw new RefusedException(CloudReasons.Settings.Because($"cloud '{cloud}' is named, but there is no {missing}"));
        }
        if (!TryAddMembers(file, cloud, values))
        {
            throw new RefusedException(CloudReasons.Settings.Because($"{file} has no cloud '{cloud}'"));
        }
        var secrets = environment("OS_CLIENT_SECURE_FILE") is { Length: > 0 } secure ? secure : FindFile("secure", environment);
        if (secrets is not null && File.Exists(secrets))
        {
            TryAddMembers(secrets, cloud, values);
        }
        return values;
    }

    private static string? FindFile(string name, Func<string, string?> environment)
    {
        var home = environment("XDG_CONFIG_HOME") is { Length: > 0 } configuration
            ? configuration
            : Path.Combine(environment("HOME") ?? "/", ".config");
        string[] folders = [".", Path.Combine(home, "openstack"), "/etc/openstack"];
        return folders.SelectMany(folder => Extensions.Select(extension => Path.Combine(folder, $"{name}.{extension}")))
            .FirstOrDefault(File.Exists);
    }

    private static bool TryAddMembers(string file, string cloud, Dictionary<string, string> values)
    {
        var stream = new YamlStream();
        try
        {
            using var text = File.OpenText(file);
            stream.Load(text);
        }
        catch (YamlException failure)
        {
            // The scanner's own message may quote a secret.
            throw new RefusedException(CloudReasons.Settings.Because($"{file} is not YAML: line {failure.Start.Line}"));
        }
        var clouds = ReadMembers(stream.Documents.FirstOrDefault()?.RootNode).GetValueOrDefault("clouds");
        if (ReadMembers(clouds).GetValueOrDefault(cloud) is not YamlMappingNode found)
        {
            return false;
        }
        var members = ReadMembers(found);
        AddScalars(members, values);
        AddScalars(ReadMembers(members.GetValueOrDefault("auth")), values);
        return true;
    }

    private static void AddScalars(Dictionary<string, YamlNode> members, Dictionary<string, string> values)
    {
        foreach (var (name, value) in members)
        {
            if (value is YamlScalarNode { Value: { } text })
            {
                values[name] = text;
            }
        }
    }

    // With the members that a merge key adds, by which clouds share what is common to them: one map, or a list whose first maps count
    // first (yaml.org/type/merge.html). A map's own members count before all of them.
    private static Dictionary<string, YamlNode> ReadMembers(YamlNode? node, int depth = 0)
    {
        var members = new Dictionary<string, YamlNode>();
        if (node is not YamlMappingNode map || depth > MaxMerges)
        {
            return members;
        }
        IEnumerable<YamlNode> merged = map.Children.TryGetValue(new YamlScalarNode("<<"), out var value)
            ? value is YamlSequenceNode list ? list.Children.Reverse() : [value]
            : [];
        foreach (var (name, member) in merged.SelectMany(part => ReadMembers(part, depth + 1)))
        {
            members[name] = member;
        }
        foreach (var (key, member) in map.Children)
        {
            if (key is YamlScalarNode { Value: { } name })
            {
                members[name] = member;
            }
        }
        return members;
    }
}
