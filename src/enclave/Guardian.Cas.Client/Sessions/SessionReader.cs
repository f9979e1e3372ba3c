using Guardian.Cas.Client.Protocol;
using Guardian.Documents;

namespace Guardian.Cas.Client.Sessions;

/// <summary>Reads the members of a session and reports every mistake.</summary>
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
        var name = SessionFields.ReadSessionName(map, "name");
        if (map.OptionalText("version") is { } version && version != "0.3")
        {
            map.ReportAt("version", $"'version' must be \"0.3\", not '{version}'; minor versions of SCONE's language have no number here");
        }
        var predecessor = map.OptionalText("predecessor") is "~" or "null"
            ? null
            : SessionFields.ReadHash(map, "predecessor", "the current session's hash");
        var creator = SessionFields.ReadKey(map, "creator");
        var cas = ReadCas(map.Map("cas"));
        var access = AccessReader.Read(map.Map("access_policy"));
        var security = SecurityRules.Read(map.Map("security"));
        var slow = new SlowKeys();
        var secretsWithMaps = ReadUnique("secrets", secret => SecretReader.Read(secret, slow), secret => secret.Name);
        SecretReader.CheckReferences(secretsWithMaps);
        slow.Check(secretsWithMaps);
        List<SessionSecret> secrets = [.. secretsWithMaps.Select(each => each.Item)];
        List<SessionVolume> volumes = [.. ReadUnique("volumes", ReadVolume, volume => volume.Name).Select(each => each.Item)];
        var images = ReadImages(new ServiceReader(secrets, volumes, [], security));
        var services = ReadUnique("services", new ServiceReader(secrets, volumes, images, security).Read, service => service.Name);
        ServiceReader.CheckPeers(services);
        if (services.Count == 0 && secrets.Count == 0 && !map.Has("access_policy"))
        {
            map.ReportAt(
                "services",
                "'services' must list at least one service, unless the session has secrets to export "
                + "or an 'access_policy' for sessions below it");
        }
        SconeForms.CheckTop(map);
        map.End();
        return new SessionDocument
        {
            Name = name,
            Hash = hash,
            Predecessor = predecessor,
            Creator = creator,
            Cas = cas,
            Services = [.. services.Select(each => each.Item)],
            Secrets = secrets,
            Volumes = volumes,
            Access = access,
            Text = text,
        };
    }

    private static CasPins ReadCas(YamlMap? cas)
    {
        if (cas is null)
        {
            return CasPins.None;
        }
        var pins = new CasPins(
            SessionFields.ReadHash(cas, "identity", "the identity that 'guardian cas attest' prints"),
            SessionFields.ReadHash(cas, "owners", "the hash of owners that 'guardian cas attest' prints"));
        cas.End();
        return pins;
    }

    private List<SessionImage> ReadImages(ServiceReader reader)
    {
        var images = ReadUnique(
            "images",
            image =>
            {
                var read = reader.ReadImage(image, SessionFields.ReadName(image));
                SconeForms.CheckImage(image);
                image.End();
                return read;
            },
            image => image.Name);
        return [.. images.Select(each => each.Item)];
    }

    private static SessionVolume ReadVolume(YamlMap volume)
    {
        var name = SessionFields.ReadName(volume);
        var regions = volume.Maps("regions").Select(ReadRegion).ToList();
        var import = SecretReader.ReadImport(volume, "volume");
        foreach (var twice in regions.GroupBy(region => region.Path).Where(group => group.Count() > 1))
        {
            volume.ReportAt("regions", $"'{twice.Key}' appears twice");
        }
        if (import is not null && regions.Count > 0)
        {
            volume.ReportAt("regions", "the session that exports a volume decides how it is protected");
        }
        var read = new SessionVolume(name, regions, import, SecretReader.ReadExports(volume));
        SconeForms.CheckVolume(volume);
        volume.End();
        return read;
    }

    private static VolumeRegion ReadRegion(YamlMap region)
    {
        var read = new VolumeRegion(SessionFields.ReadPath(region), region.Word("protection", Protections, VolumeProtection.Encrypted));
        if (read.Path.LastIndexOf('/') > 0 || read.Path == "/")
        {
            (region.Find("path") ?? region).ReportForNew(
                $"'{read.Path}' is no region: a region is a folder in the root of its volume, such as /public");
        }
        region.End();
        return read;
    }

    private List<(YamlMap Map, T Item)> ReadUnique<T>(string member, Func<YamlMap, T> read, Func<T, string> nameOf)
    {
        var maps = map.Maps(member);
        if (maps.Count > SessionDocument.MaxEntries)
        {
            map.ReportAt(member, $"'{member}' has {maps.Count} entries; at most {SessionDocument.MaxEntries} are allowed");
        }
        var list = maps.Take(SessionDocument.MaxEntries).Select(each => (Map: each, Item: read(each))).ToList();
        foreach (var twice in list.GroupBy(each => nameOf(each.Item)).Where(group => group.Count() > 1))
        {
            map.ReportAt(member, $"'{twice.Key}' appears twice in '{member}'");
        }
        return list;
    }
}
