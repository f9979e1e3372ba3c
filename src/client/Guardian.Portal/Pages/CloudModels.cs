namespace Guardian.Portal.Pages;

/// <summary>A host with enclave memory, in MiB.</summary>
/// <param name="Name">The host.</param>
/// <param name="IsUp">Whether Nova sees it.</param>
/// <param name="IsHealthy">Whether its daemon reports no problem.</param>
/// <param name="Total">The EPC.</param>
/// <param name="Reserved">The part that no guest gets.</param>
/// <param name="Claimed">The part that servers hold.</param>
/// <param name="Free">The rest.</param>
/// <param name="LargestFree">The largest claim that fits.</param>
/// <param name="Guests">The servers.</param>
public sealed record HostRow(
    string Name, bool IsUp, bool IsHealthy, long Total, long Reserved, long Claimed, long Free, long LargestFree, long Guests);

/// <summary>The usage of a project in one period.</summary>
/// <param name="Project">The project's name.</param>
/// <param name="EpcHours">EPC MB-Hours.</param>
/// <param name="CpuHours">CPU hours.</param>
/// <param name="RamHours">RAM MB-Hours.</param>
/// <param name="Servers">Servers.</param>
public sealed record UsageRow(string Project, decimal EpcHours, double CpuHours, double RamHours, int Servers);

/// <summary>A cloud.</summary>
public sealed record CloudModel
{
    /// <summary>The cloud's name in clouds.yaml; empty for the environment's.</summary>
    public required string Cloud { get; init; }

    /// <summary>The hosts; null before a cloud is chosen.</summary>
    public IReadOnlyList<HostRow>? Hosts { get; init; }

    /// <summary>Claims that fit no server, one sentence each.</summary>
    public IReadOnlyList<string> Drift { get; init; } = [];

    /// <summary>Claims that wait for a host to be back.</summary>
    public IReadOnlyList<string> Leftovers { get; init; } = [];
}

/// <summary>The usage of a cloud.</summary>
/// <param name="Cloud">The cloud's name in clouds.yaml.</param>
/// <param name="Journals">The journals that were read, one in each line.</param>
/// <param name="Weeks">The weeks, each with its first day and the usage of each project; the last one is the present one.</param>
/// <param name="Notes">Remarks about how it was counted.</param>
public sealed record UsageModel(
    string Cloud, string Journals, IReadOnlyList<(string From, IReadOnlyList<UsageRow> Rows)> Weeks, IReadOnlyList<string> Notes);
