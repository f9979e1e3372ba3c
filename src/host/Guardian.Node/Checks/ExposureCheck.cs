namespace Guardian.Node.Checks;

/// <summary>Microcode and what the kernel knows of the processor's weaknesses: both enter the TCB that a quote states.</summary>
internal static class ExposureCheck
{
    private const string Folder = "/sys/devices/system/cpu/vulnerabilities";

    public static IEnumerable<Finding> Run(HostRoot host)
    {
        var microcode = host.Text("/sys/devices/system/cpu/cpu0/microcode/version")
            ?? host.Lines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("microcode", StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
        yield return microcode is null
            ? new Finding("microcode", FindingStatus.Unknown, "the microcode's version is not known", "it decides the TCB level of every quote")
            : new Finding("microcode", FindingStatus.Note, $"microcode {microcode}", "it decides the TCB level of every quote; only firmware's own counts for SGX where it is loaded late", null);
        var names = host.Names(Folder);
        if (names.Count == 0)
        {
            yield return new Finding("exposures", FindingStatus.Unknown, "the kernel does not list the processor's vulnerabilities", "it is older than 4.15", "update the kernel");
            yield break;
        }
        var open = names.Select(name => (Name: name, Text: host.Text($"{Folder}/{name}") ?? "")).Where(entry => entry.Text.StartsWith("Vulnerable", StringComparison.Ordinal)).ToList();
        foreach (var (name, text) in open)
        {
            yield return new Finding($"exposure-{name}", FindingStatus.Warning, $"{name}: {text}", "another tenant's guest may read what it should not", "update the firmware's microcode and the kernel");
        }
        yield return new Finding("exposures", open.Count == 0 ? FindingStatus.Ok : FindingStatus.Note, $"{names.Count - open.Count} of {names.Count} known weaknesses do not concern this processor or are mitigated");
        if (host.Text("/sys/devices/system/cpu/smt/active") == "1")
        {
            yield return new Finding("smt", FindingStatus.Note, "hyper-threading is on", "quotes say so (ConfigurationNeeded), and strict policies refuse them", "firmware: Processor > disable Hyper-Threading, where tenants want it");
        }
    }
}
