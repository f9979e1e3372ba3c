using Guardian.Cas.Client;
using Guardian.Documents;

namespace Guardian.Cas.Sessions;

/// <summary>Reads a session's members and reports everything wrong at once.</summary>
internal sealed class SessionReader(YamlMap map)
{
    private static readonly Dictionary<string, VolumeProtection> Protections = new()
    {
        ["encrypted"] = VolumeProtection.Encrypted,
        ["authenticated"] = VolumeProtection.Authenticated,
        ["plain"] = VolumeProtection.Plain,
    };

    public SessionDocument Read(string hash, string text)
    {
        var name = SessionFields.SessionName(map, "name");
        if (map.OptionalText("version") is { } version && version != "0.3")
        {
            map.ReportAt("version", $"'version' must be \"0.3\", not '{version}'");
        }
        var predecessor = SessionFields.Hash(map, "predecessor", "the current session's hash");
        var access = AccessReader.Read(map.Map("access_policy"));
        var security = SecurityRules.Read(map.Map("security"));
        var secrets = Unique("secrets", SecretReader.Read, secret => secret.Name);
        SecretReader.CheckReferences(secrets);
        var volumes = Unique("volumes", ReadVolume, volume => volume.Name);
        var images = ReadImages([.. secrets.Select(each => each.Item)], [.. volumes.Select(each => each.Item)], security);
        var reader = new ServiceReader([.. secrets.Select(each => each.Item)], [.. volumes.Select(each => each.Item)], images, security);
        var services = Unique("services", reader.Read, service => service.Name);
        ServiceReader.CheckPeers(services);
        if (services.Count == 0 && secrets.Count == 0 && !map.Has("access_policy"))
        {
            map.ReportAt("services", "'services' must list at least one service, unless the session has secrets to export or an 'access_policy' for sessions below it");
        }
        map.End();
        return new SessionDocument
        {
            Name = name,
            Hash = hash,
            Predecessor = predecessor,
            Services = [.. services.Select(each => each.Item)],
            Secrets = [.. secrets.Select(each => each.Item)],
            Volumes = [.. volumes.Select(each => each.Item)],
            Access = access,
            Text = text,
        };
    }

    private List<SessionImage> ReadImages(IReadOnlyList<SessionSecret> secrets, IReadOnlyList<SessionVolume> volumes, SecurityRules security)
    {
        var reader = new ServiceReader(secrets, volumes, [], security);
        var images = Unique(
            "images",
            image =>
            {
                var read = reader.ReadImage(image, SessionFields.Name(image));
                image.End();
                return read;
            },
            image => image.Name);
        return [.. images.Select(each => each.Item)];
    }

    private static SessionVolume ReadVolume(YamlMap volume)
    {
        var name = SessionFields.Name(volume);
        var regions = volume.Maps("regions").Select(region =>
        {
            var read = new VolumeRegion(SessionFields.Path(region), region.Word("protection", Protections, VolumeProtection.Encrypted));
            region.End();
            return read;
        }).ToList();
        var read = new SessionVolume(name, regions, SecretReader.ReadImport(volume, "volume"), SecretReader.ReadExports(volume));
        foreach (var twice in regions.GroupBy(region => region.Path).Where(group => group.Count() > 1))
        {
            volume.ReportAt("regions", $"'{twice.Key}' stands twice");
        }
        if (read.Import is not null && regions.Count > 0)
        {
            volume.ReportAt("regions", "the session that exports a volume says how it is protected");
        }
        volume.End();
        return read;
    }

    private List<(YamlMap Map, T Item)> Unique<T>(string member, Func<YamlMap, T> read, Func<T, string> nameOf)
    {
        var maps = map.Maps(member);
        if (maps.Count > SessionDocument.MaxEntries)
        {
            map.ReportAt(member, $"'{member}' has {maps.Count} entries; at most {SessionDocument.MaxEntries} are kept");
        }
        var list = maps.Take(SessionDocument.MaxEntries).Select(each => (each, read(each))).ToList();
        foreach (var twice in list.GroupBy(each => nameOf(each.Item2)).Where(group => group.Count() > 1))
        {
            map.ReportAt(member, $"'{twice.Key}' stands twice in '{member}'");
        }
        return list;
    }
}
