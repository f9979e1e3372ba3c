using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Guardian.OpenStack.Configuration;

/// <summary>Finds a cloud in <c>clouds.yaml</c> and its secrets in <c>secure.yaml</c>, in the places where the stock client looks.</summary>
internal static class CloudFile
{
    private static readonly string[] Extensions = ["yaml", "yml", "json"];

    /// <summary>The cloud's members, those under <c>auth</c> and those beside it alike.</summary>
    /// <exception cref="OpenStackException">There is no such file or cloud, or the file is not YAML.</exception>
    public static Dictionary<string, string> Read(string cloud, Func<string, string?> environment)
    {
        var values = new Dictionary<string, string>();
        var file = environment("OS_CLIENT_CONFIG_FILE") is { Length: > 0 } given ? given : Find("clouds", environment);
        if (file is null || !File.Exists(file))
        {
            throw new OpenStackException(OpenStackFailure.Settings, $"cloud '{cloud}' is named, but there is no {file ?? "clouds.yaml here, in ~/.config/openstack or in /etc/openstack"}");
        }
        if (!Collect(file, cloud, values))
        {
            throw new OpenStackException(OpenStackFailure.Settings, $"{file} has no cloud '{cloud}'");
        }
        if ((environment("OS_CLIENT_SECURE_FILE") is { Length: > 0 } secure ? secure : Find("secure", environment)) is { } secrets && File.Exists(secrets))
        {
            Collect(secrets, cloud, values);
        }
        return values;
    }

    private static string? Find(string name, Func<string, string?> environment)
    {
        var home = environment("XDG_CONFIG_HOME") is { Length: > 0 } configuration ? configuration : Path.Combine(environment("HOME") ?? "/", ".config");
        string[] folders = [".", Path.Combine(home, "openstack"), "/etc/openstack"];
        return folders.SelectMany(folder => Extensions.Select(extension => Path.Combine(folder, $"{name}.{extension}"))).FirstOrDefault(File.Exists);
    }

    private static bool Collect(string file, string cloud, Dictionary<string, string> values)
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
            throw new OpenStackException(OpenStackFailure.Settings, $"{file} is not YAML: line {failure.Start.Line}");
        }
        if (Member(Member(stream.Documents.FirstOrDefault()?.RootNode, "clouds"), cloud) is not YamlMappingNode found)
        {
            return false;
        }
        Flatten(found, values);
        if (Member(found, "auth") is YamlMappingNode auth)
        {
            Flatten(auth, values);
        }
        return true;
    }

    private static void Flatten(YamlMappingNode map, Dictionary<string, string> values)
    {
        foreach (var (key, value) in map.Children)
        {
            if (key is YamlScalarNode { Value: { } name } && value is YamlScalarNode { Value: { } text })
            {
                values[name] = text;
            }
        }
    }

    private static YamlNode? Member(YamlNode? node, string name) =>
        node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(name), out var value) ? value : null;
}
