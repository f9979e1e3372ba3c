using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Sessions;
using Guardian.Documents;
using Guardian.Sgx;

namespace Guardian.Cli.Sessions.Differences;

/// <summary>Tells which code and which machines get more or less than before.</summary>
internal static class AdmissionComparison
{
    private const string Area = "admission";

    public static IEnumerable<SessionChange> Compare(
        SessionDocument before, YamlPlace beforePlaces, SessionDocument after, YamlPlace afterPlaces)
    {
        foreach (var service in after.Services)
        {
            var gets = DescribeGets(service);
            if (before.Services.FirstOrDefault(other => other.Name == service.Name) is not { } earlier)
            {
                yield return More($"'{service.Name}' is a new service: it gets {gets}");
                continue;
            }
            var changes = CompareIdentities(service.Name, gets, earlier.Policy, service.Policy)
                .Concat(ComparePrograms(service.Name, gets, ProgramsOf(beforePlaces, service.Name), ProgramsOf(afterPlaces, service.Name)))
                .Concat(CompareMachines(service.Name, earlier, service))
                .Concat(CompareGets(service.Name, earlier, service));
            foreach (var change in changes)
            {
                yield return change;
            }
        }
        foreach (var service in before.Services.Where(service => after.Services.All(other => other.Name != service.Name)))
        {
            yield return Less($"'{service.Name}' is removed: it starts no more");
        }
    }

    private static IEnumerable<SessionChange> CompareIdentities(
        string service, string gets, AttestationPolicy before, AttestationPolicy after)
    {
        var (old, next) = (before.Identities.Select(each => $"{each}").ToList(), after.Identities.Select(each => $"{each}").ToList());
        foreach (var identity in next.Except(old))
        {
            yield return More($"'{service}' admits enclaves of {identity}: they get {gets}");
        }
        foreach (var identity in old.Except(next))
        {
            yield return Less($"'{service}' no longer admits enclaves of {identity} alone");
        }
    }

    private static IEnumerable<SessionChange> ComparePrograms(
        string service, string gets, IReadOnlyList<string> before, IReadOnlyList<string> after)
    {
        if (after.Count == 0 && before.Count > 0)
        {
            yield return More($"'{service}' runs ANY program that its enclaves run: all of them get {gets}");
            yield break;
        }
        foreach (var program in after.Except(before))
        {
            yield return before.Count == 0
                ? Less($"'{service}' runs the program {program} alone")
                : More($"'{service}' runs the program {program}: it gets {gets}");
        }
        foreach (var program in before.Except(after))
        {
            yield return Less($"'{service}' no longer runs the program {program}");
        }
    }

    private static IEnumerable<SessionChange> CompareMachines(string service, SessionService earlier, SessionService service2)
    {
        var (before, after) = (earlier.Policy, service2.Policy);
        foreach (var platform in after.Platforms.Except(before.Platforms))
        {
            yield return More(platform == PlatformKind.Simulated
                ? $"'{service}' runs on SIMULATED platforms, which protect nothing"
                : $"'{service}' runs on SGX hardware");
        }
        foreach (var platform in before.Platforms.Except(after.Platforms))
        {
            yield return Less($"'{service}' no longer runs on {(platform == PlatformKind.Simulated ? "simulated platforms" : "hardware")}");
        }
        if (before.AllowDebug != after.AllowDebug)
        {
            yield return after.AllowDebug
                ? More($"'{service}' admits DEBUG enclaves: their host can read everything")
                : Less($"'{service}' no longer admits debug enclaves");
        }
        foreach (var status in after.Statuses.Except(before.Statuses))
        {
            yield return More($"'{service}' accepts platforms with the TCB status {status}");
        }
        foreach (var status in before.Statuses.Except(after.Statuses))
        {
            yield return Less($"'{service}' no longer accepts platforms with the TCB status {status}");
        }
        foreach (var advisory in after.IgnoredAdvisories.Except(before.IgnoredAdvisories))
        {
            yield return More($"'{service}' accepts platforms with {advisory}");
        }
        foreach (var advisory in before.IgnoredAdvisories.Except(after.IgnoredAdvisories))
        {
            yield return Less($"'{service}' no longer accepts platforms with {advisory}");
        }
        if (after.Grace != before.Grace)
        {
            yield return Change(
                after.Grace > before.Grace, $"'{service}' accepts outdated platforms for {after.Grace.TotalDays:0} days, not "
                + $"{before.Grace.TotalDays:0}");
        }
        if (after.MinimumEvaluation != before.MinimumEvaluation)
        {
            yield return Change(after.MinimumEvaluation < before.MinimumEvaluation,
                $"'{service}' wants the TCB evaluation {after.MinimumEvaluation} or later, not {before.MinimumEvaluation}");
        }
        if (earlier.IsSingleton != service2.IsSingleton)
        {
            yield return Change(earlier.IsSingleton, earlier.IsSingleton
                ? $"'{service}' admits an enclave more than once"
                : $"'{service}' admits each enclave once");
        }
        if (earlier.Host.Arguments != service2.Host.Arguments)
        {
            yield return Change(service2.Host.Arguments > earlier.Host.Arguments,
                $"the host may add {service2.Host.Arguments} arguments to '{service}', not {earlier.Host.Arguments}");
        }
        foreach (var variable in service2.Host.Environment.Except(earlier.Host.Environment))
        {
            yield return More($"the host may set {variable} for '{service}'");
        }
    }

    private static IEnumerable<SessionChange> CompareGets(string service, SessionService earlier, SessionService later)
    {
        var (before, after) = (SecretsOf(earlier), SecretsOf(later));
        foreach (var secret in after.Except(before))
        {
            yield return More($"'{service}' gets the secret '{secret}'");
        }
        foreach (var secret in before.Except(after))
        {
            yield return Less($"'{service}' no longer gets the secret '{secret}'");
        }
        List<string> mounted = [.. earlier.Volumes.Select(volume => volume.Name)];
        List<string> mounts = [.. later.Volumes.Select(volume => volume.Name)];
        foreach (var volume in mounts.Except(mounted))
        {
            yield return More($"'{service}' gets the volume '{volume}'");
        }
        foreach (var volume in mounted.Except(mounts))
        {
            yield return Less($"'{service}' no longer gets the volume '{volume}'");
        }
    }

    private static string DescribeGets(SessionService service)
    {
        List<string> gets =
        [
            .. SecretsOf(service).Select(secret => $"the secret '{secret}'"),
            .. service.Volumes.Select(volume => $"the volume '{volume.Name}'"),
        ];
        return gets.Count == 0 ? "its configuration, and no secret" : string.Join(", ", gets);
    }

    private static List<string> SecretsOf(SessionService service) =>
    [
        .. service.Command.Concat(service.Environment.Values).Concat(service.Files.Select(file => file.Content))
            .SelectMany(text => Placeholders.NamesIn(text))
            .Concat(service.Listen.Select(each => each.Identity).Concat(service.Connect.Select(each => each.Identity))
                .Append(service.ProvisionedSecret).OfType<string>())
            .Distinct().Order(StringComparer.Ordinal),
    ];

    private static IReadOnlyList<string> ProgramsOf(YamlPlace top, string service)
    {
        var program = top.Find("services")?.Items?.FirstOrDefault(item => item.Find("name")?.Value == service)?.Find("program");
        return program?.Value is { } one ? [one] : [.. program?.Items?.Select(item => item.Value).OfType<string>() ?? []];
    }

    private static SessionChange Change(bool isMore, string text) => isMore ? More(text) : Less(text);

    private static SessionChange More(string text) => new(Area, SessionChange.More, text);

    private static SessionChange Less(string text) => new(Area, SessionChange.Less, text);
}
