using Guardian.Cas.Client.Protocol;
using Guardian.Documents;

namespace Guardian.Cas.Client.Sessions;

/// <summary>Reads the services at the other end of attested connections.</summary>
internal static class PeerReader
{
    private const int MaxPeers = 64;
    private const int MaxPolicies = 16;

    /// <summary>Reads one peer beside the port, or a list.</summary>
    public static IReadOnlyList<SessionPeer> Read(YamlMap map)
    {
        if (!map.Has("peers"))
        {
            return [ReadPeer(map)];
        }
        SessionPeer[] peers =
        [
            .. map.Maps("peers").Select(each =>
            {
                var peer = ReadPeer(each);
                each.End();
                return peer;
            }),
        ];
        if (peers.Length is 0 or > MaxPeers)
        {
            map.ReportAt("peers", $"an attested connection has 1 to {MaxPeers} peers");
        }
        return peers;
    }

    private static SessionPeer ReadPeer(YamlMap map) => new(
        map.Has("session") ? SessionFields.ReadSessionName(map, "session") : null,
        SessionFields.ReadName(map, "service"),
        SessionFields.ReadHash(map, "program", "the SHA-256 of the peer's program"),
        ReadPolicies(map));

    private static List<string> ReadPolicies(YamlMap map)
    {
        var policies = map.Texts("policies");
        if (policies.Count > MaxPolicies)
        {
            map.ReportAt("policies", $"'policies' lists at most {MaxPolicies} identifiers");
        }
        foreach (var policy in policies.Where(policy => !policy.Value.StartsWith("sha256:", StringComparison.Ordinal)
            || !KeyHash.IsHash(policy.Value["sha256:".Length..])))
        {
            policy.Report("a policy's identifier is 'sha256:' and 64 lower-case hex digits; guardian session check prints it");
        }
        return [.. policies.Select(policy => policy.Value)];
    }
}
