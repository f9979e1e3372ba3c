using Guardian.ComputeHost.Machine;

namespace Guardian.ComputeHost.Checks;

/// <summary>Checks microcode and the processor's known vulnerabilities: both enter the TCB that a quote states.</summary>
internal static class ExposureCheck
{
    private const string Folder = "/sys/devices/system/cpu/vulnerabilities";

    public static IEnumerable<Finding> Run(HostRoot host)
    {
        yield return CheckMicrocode(host);
        var names = host.ListNames(Folder);
        if (names.Count == 0)
        {
            yield return new Finding(
                "exposures", FindingStatus.Unknown,
                "the kernel does not list the processor's vulnerabilities", "it is older than 4.15", "update the kernel");
            yield break;
        }
        var open = names.Select(name => (Name: name, Text: host.ReadText($"{Folder}/{name}") ?? ""))
            .Where(entry => entry.Text.StartsWith("Vulnerable", StringComparison.Ordinal)).ToList();
        foreach (var (name, text) in open)
        {
            yield return new Finding(
                $"exposure-{name}", FindingStatus.Warning, $"{name}: {text}",
                "another tenant's guest may read data that it should not", "update the firmware's microcode and the kernel");
        }
        yield return new Finding(
            "exposures", open.Count == 0 ? FindingStatus.Ok : FindingStatus.Note,
            $"{names.Count - open.Count} of {names.Count} known weaknesses do not concern this processor or are mitigated");
        if (host.ReadText("/sys/devices/system/cpu/smt/active") == "1")
        {
            yield return new Finding(
                "smt", FindingStatus.Note, "hyper-threading is on",
                "quotes say so (ConfigurationNeeded), and strict policies refuse them",
                "firmware: Processor > disable Hyper-Threading, where tenants want it");
        }
    }

    private static Finding CheckMicrocode(HostRoot host)
    {
        var version = host.ReadText("/sys/devices/system/cpu/cpu0/microcode/version")
            ?? host.ReadLines("/proc/cpuinfo")
                .FirstOrDefault(line => line.StartsWith("microcode", StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
        return version is null
            ? new Finding(
                "microcode", FindingStatus.Unknown, "the microcode's version is not known", "it decides the TCB level of every quote")
            : new Finding(
                "microcode", FindingStatus.Note, $"microcode {version}",
                "it decides the TCB level of every quote; for SGX only the firmware's microcode counts, not a later load");
    }
}
