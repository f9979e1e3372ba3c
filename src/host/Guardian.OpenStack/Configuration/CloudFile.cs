using Guardian.Refusals;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Guardian.OpenStack.Configuration;

/// <summary>Finds a cloud in <c>clouds.yaml</c> and its secrets in <c>secure.yaml</c>, in the stock client's places.</summary>
internal static class CloudFile
{
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
        if (FindMember(FindMember(stream.Documents.FirstOrDefault()?.RootNode, "clouds"), cloud) is not YamlMappingNode found)
        {
            return false;
        }
        AddScalars(found, values);
        if (FindMember(found, "auth") is YamlMappingNode auth)
        {
            AddScalars(auth, values);
        }
        return true;
    }

    private static void AddScalars(YamlMappingNode map, Dictionary<string, string> values)
    {
        foreach (var (key, value) in map.Children)
        {
            if (key is YamlScalarNode { Value: { } name } && value is YamlScalarNode { Value: { } text })
            {
                values[name] = text;
            }
        }
    }

    private static YamlNode? FindMember(YamlNode? node, string name) =>
        node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(name), out var value) ? value : null;
}
