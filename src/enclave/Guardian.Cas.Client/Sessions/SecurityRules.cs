using Guardian.Attestation.Collateral;
using Guardian.Attestation.Policy;
using Guardian.Documents;
using Guardian.Sgx;

namespace Guardian.Cas.Client.Sessions;

/// <summary>
/// <c>security.attestation</c>: rules for all services of a session at once, in SCONE's words. A service's own <c>platforms</c>,
/// <c>debug</c> and <c>tcb</c> take precedence.
/// </summary>
internal sealed record SecurityRules(
    PlatformKind? Platform, bool AllowDebug, IReadOnlyList<TcbStatus> Statuses, IReadOnlyList<string> IgnoredAdvisories, bool IsSingleton)
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

    private static readonly Dictionary<string, PlatformKind?> Modes = new()
    {
        ["hardware"] = PlatformKind.Hardware,
        ["simulated"] = PlatformKind.Simulated,
    };

    public static SecurityRules Read(YamlMap? security)
    {
        var map = security?.Map("attestation");
        if (security is not null)
        {
            SconeForms.CheckSecurity(security, map);
        }
        security?.End();
        if (map is null)
        {
            return new SecurityRules(null, false, [], [], false);
        }
        var tolerated = map.Texts("tolerate").Where(word => word.Value is not ("insecure-igpu" or "aepic-leak")).ToList();
        var advisories = map.Find("ignore_advisories") is YamlText { Value: "*" } ? [] : map.Texts("ignore_advisories");
        foreach (var advisory in advisories.Where(advisory => advisory.Value != "*" && !AdvisoryId.IsWellFormed(advisory.Value)))
        {
            advisory.Report($"an advisory is named like INTEL-SA-00615, not '{advisory.Value}'");
        }
        var rules = new SecurityRules(
            map.OptionalText("mode") is "none" or "maa" ? null : map.Word("mode", Modes, null),
            tolerated.Any(word => word.Value == Debug), ReadStatuses(tolerated),
            [.. advisories.Select(advisory => advisory.Value)], map.Flag("singleton_enclaves", absent: false));
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

    private static TcbStatus[] ReadStatuses(IReadOnlyList<YamlText> tolerated)
    {
        var statuses = new HashSet<TcbStatus>();
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
        // Intel has a status of its own for each of these pairs.
        if (statuses.IsSupersetOf([TcbStatus.SWHardeningNeeded, TcbStatus.ConfigurationNeeded]))
        {
            statuses.Add(TcbStatus.ConfigurationAndSWHardeningNeeded);
        }
        if (statuses.IsSupersetOf([TcbStatus.OutOfDate, TcbStatus.ConfigurationNeeded]))
        {
            statuses.Add(TcbStatus.OutOfDateConfigurationNeeded);
        }
        return [.. statuses];
    }
}
