using System.Globalization;
using Guardian.Cas.Client.Protocol;
using Guardian.Documents;

namespace Guardian.Cas.Client.Sessions;

/// <summary>Finds parts of a service that exclude each other, or that no program can get.</summary>
internal static class ServiceChecks
{
    /// <summary>Reports what is wrong with a service as a whole.</summary>
    public static void Report(YamlMap map, SessionService service)
    {
        if (service.Replicas is null && service.Volumes.Any(volume => volume.IsPerReplica))
        {
            map.ReportAt("volumes", "a volume is 'per_replica', but the service does not say how many 'replicas' it has");
        }
        if (service is { IsSingleton: true, Replicas: not null }
            && (service.Tags.Count > 0 || service.Volumes.Any(volume => !volume.IsPerReplica && volume.Update.KeepsTag())))
        {
            map.ReportAt(
                "replicas", "with 'singleton_enclaves', each tag has one enclave: make the volumes 'per_replica', and name no 'tags'");
        }
        ReportDuplicates(map, service.Files.Select(file => file.Path), "injection_files");
        ReportDuplicates(map, service.Volumes.Select(volume => volume.Path), "volumes");
        ReportDuplicates(map, service.Volumes.Select(volume => volume.Name).Concat(service.Tags), "volumes");
        ReportFiles(map.Find("injection_files") ?? map, service);
        foreach (var twice in service.Listen.GroupBy(listen => listen.Port).Where(group => group.Count() > 1))
        {
            map.Find("network")!.ReportForNew(
                string.Create(CultureInfo.InvariantCulture, $"port {twice.Key} appears twice: a port listens once"));
        }
    }

    /// <summary>Reports a variable that no environment can hold.</summary>
    public static void ReportVariable(YamlNode place, string name, string value)
    {
        if (name.Length == 0 || name.Contains('=', StringComparison.Ordinal))
        {
            place.ReportForNew($"'{name}' is no name of a variable: it is empty or has '='");
        }
        ReportNul(place, name);
        ReportNul(place, value);
    }

    /// <summary>Reports a text that no argument or variable can hold.</summary>
    public static void ReportNul(YamlNode place, string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            place.ReportForNew("arguments and variables end at a byte 0, so they cannot have one; put the text into a file");
        }
    }

    // Files are in the program's temporary volume '/', and a volume hides what is there at its own path.
    private static void ReportFiles(YamlNode place, SessionService service)
    {
        foreach (var path in service.Files.Select(file => file.Path))
        {
            if (path == "/")
            {
                place.ReportForNew("'/' is the program's root folder, not a file");
            }
            if (service.Volumes.FirstOrDefault(volume => path == volume.Path || IsBelow(path, volume.Path)) is { } volume)
            {
                place.ReportForNew(
                    $"the program would not see the file '{path}', because the volume '{volume.Name}' is at '{volume.Path}'; "
                    + "give one of them another path");
            }
            if (service.Files.Any(other => IsBelow(other.Path, path)))
            {
                place.ReportForNew($"'{path}' is a file, so no other file can be in it");
            }
        }
    }

    private static bool IsBelow(string path, string folder) => path.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal);

    private static void ReportDuplicates(YamlMap map, IEnumerable<string> names, string member)
    {
        foreach (var twice in names.GroupBy(name => name).Where(group => group.Count() > 1))
        {
            map.ReportAt(
                member, $"'{twice.Key}' appears twice among the volumes, tags or files of '{map.OptionalText("name")}' and its image");
        }
    }
}
