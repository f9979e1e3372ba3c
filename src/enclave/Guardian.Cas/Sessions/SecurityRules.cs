using Guardian.Attestation.Collateral;
using Guardian.Attestation.Policy;
using Guardian.Documents;
using Guardian.Sgx;

namespace Guardian.Cas.Sessions;

/// <summary>
/// <c>security.attestation</c>: what a session says of all its services at once, in SCONE's words. What a service says itself (<c>platforms</c>, <c>debug</c>,
/// <c>tcb</c>) stands.
/// </summary>
internal sealed record SecurityRules(PlatformKind? Platform, bool AllowDebug, IReadOnlyList<TcbStatus> Statuses, IReadOnlyList<string> IgnoredAdvisories, bool IsSingleton)
{
    private const string Debug = "debug-mode";

    private static readonly Dictionary<string, TcbStatus[]> Tolerable = new()
    {
        [Debug] = [],
        ["software-hardening-needed"] = [TcbStatus.SWHardeningNeeded],
        ["insecure-configuration"] = [TcbStatus.ConfigurationNeeded],
        ["hyperthreading"] = [TcbStatus.ConfigurationNeeded],
        ["outdated-tcb"] = [TcbStatus.OutOfDate],
    };

    public static SecurityRules Read(YamlMap? security)
    {
        var map = security?.Map("attestation");
        security?.End();
        if (map is null)
        {
            return new SecurityRules(null, false, [], [], false);
        }
        var platforms = new Dictionary<string, PlatformKind?> { ["hardware"] = PlatformKind.Hardware, ["simulated"] = PlatformKind.Simulated };
        var statuses = new HashSet<TcbStatus>();
        var tolerated = map.Texts("tolerate");
        foreach (var word in tolerated)
        {
            if (Tolerable.TryGetValue(word.Value, out var accepted))
            {
                statuses.UnionWith(accepted);
            }
            else
            {
                word.Report($"'{word.Value}' cannot be tolerated; there are {string.Join(", ", Tolerable.Keys)}");
            }
        }
        // Intel's words for two shortcomings at once.
        if (statuses.IsSupersetOf([TcbStatus.SWHardeningNeeded, TcbStatus.ConfigurationNeeded]))
        {
            statuses.Add(TcbStatus.ConfigurationAndSWHardeningNeeded);
        }
        if (statuses.IsSupersetOf([TcbStatus.OutOfDate, TcbStatus.ConfigurationNeeded]))
        {
            statuses.Add(TcbStatus.OutOfDateConfigurationNeeded);
        }
        var advisories = map.Texts("ignore_advisories");
        foreach (var advisory in advisories.Where(advisory => !advisory.Value.StartsWith("INTEL-SA-", StringComparison.Ordinal)))
        {
            advisory.Report($"an advisory is named like INTEL-SA-00615, not '{advisory.Value}'");
        }
        var rules = new SecurityRules(
            map.Word("mode", platforms, null), tolerated.Any(word => word.Value == Debug), [.. statuses], [.. advisories.Select(advisory => advisory.Value)],
            map.Flag("singleton_enclaves", absent: false));
        map.End();
        return rules;
    }

    public AttestationPolicy Apply(YamlMap service, AttestationPolicy policy) => policy with
    {
        Platforms = Platform is { } platform && !service.Has("platforms") ? [platform] : policy.Platforms,
        AllowDebug = service.Has("debug") ? policy.AllowDebug : AllowDebug,
        Statuses = service.Has("tcb") ? policy.Statuses : [.. policy.Statuses.Union(Statuses)],
        IgnoredAdvisories = service.Has("tcb") ? policy.IgnoredAdvisories : [.. policy.IgnoredAdvisories.Union(IgnoredAdvisories)],
    };
}
