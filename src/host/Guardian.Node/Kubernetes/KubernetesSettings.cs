using Guardian.Node.Words;

namespace Guardian.Node.Kubernetes;

/// <summary>The settings of the daemon's role in Kubernetes, which are words of its command line.</summary>
/// <param name="Node">The node's name in Kubernetes.</param>
/// <param name="SimulatedMebibytes">The EPC that the node pretends to have; null for what the machine has.</param>
/// <param name="Units">The number of containers that can have each device at once.</param>
/// <param name="Folder">The kubelet's folder of device plugins.</param>
/// <param name="Journal">The journal of the EPC that pods hold; null to meter nothing.</param>
internal sealed record KubernetesSettings(string Node, int? SimulatedMebibytes, int Units, string Folder, string? Journal = null)
{
    /// <summary>The usage of the role.</summary>
    public const string Usage =
        "guardian-node kubernetes --node NAME [--simulated-epc MIB] [--units N] [--folder DIR] [--journal FILE], "
        + "or guardian-node kubernetes withdraw";

    private const int DefaultUnits = 110;
    private const int MaxUnits = 10_000;
    private const int MaxMebibytes = 1 << 20;

    /// <summary>Reads the words.</summary>
    /// <param name="words">The words after <c>kubernetes</c>.</param>
    /// <param name="problem">The mistake; null when there is none.</param>
    /// <returns>The settings; null when there is a mistake.</returns>
    public static KubernetesSettings? Read(IReadOnlyList<string> words, out string? problem)
    {
        if (RoleWords.TryRead(words, ["--node", "--simulated-epc", "--units", "--folder", "--journal"], out problem) is not { } values)
        {
            return null;
        }
        int? simulated = null;
        if (values.TryGetValue("--simulated-epc", out var mebibytes))
        {
            simulated = RoleWords.TryReadNumber(mebibytes, MaxMebibytes);
        }
        var units = values.TryGetValue("--units", out var text) ? RoleWords.TryReadNumber(text, MaxUnits) : DefaultUnits;
        problem = values.GetValueOrDefault("--node") is not { Length: > 0 and <= 253 } ? "--node needs the node's name"
            : mebibytes is not null && simulated is null ? $"--simulated-epc is a number of MiB from 1 to {MaxMebibytes}"
            : units is null ? $"--units is a number from 1 to {MaxUnits}"
            : null;
        return problem is not null ? null : new KubernetesSettings(
            values["--node"], simulated, units!.Value, values.GetValueOrDefault("--folder", "/var/lib/kubelet/device-plugins"),
            values.GetValueOrDefault("--journal"));
    }
}
