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
public sealed record UsageRow(string Project, decimal EpcHours, double CpuHours, double RamHours, int Servers)
{
    /// <summary>The usage of each server.</summary>
    public IReadOnlyList<ServerRow> PerServer { get; init; } = [];
}

/// <summary>The usage of a server in one period.</summary>
/// <param name="Id">Its identifier.</param>
/// <param name="Name">Its name.</param>
/// <param name="Flavor">Its flavor.</param>
/// <param name="EpcHours">EPC MB-Hours.</param>
public sealed record ServerRow(string Id, string Name, string Flavor, decimal EpcHours);

/// <summary>A host now, and after the next TCB recovery.</summary>
/// <param name="Host">The host.</param>
/// <param name="Platform">Its platform family.</param>
/// <param name="Now">Its TCB status.</param>
/// <param name="Next">Its TCB status then.</param>
/// <param name="BecomesWorse">Whether it becomes worse.</param>
/// <param name="Remarks">What it lacks then, and the steps that help, or the reason why nothing can be said.</param>
public sealed record HostForecastRow(
    string Host, string Platform, string Now, string Next, bool BecomesWorse, IReadOnlyList<string> Remarks);

/// <summary>The forecast of the next TCB recovery.</summary>
/// <param name="Cloud">The cloud's name in clouds.yaml, for the other pages.</param>
/// <param name="Files">The file or folder with the quotes or certificates of the hosts.</param>
/// <param name="Store">The folder with the collateral; empty for the user's.</param>
/// <param name="Root">The certificate of the root of trust; empty for Intel's.</param>
/// <param name="Line">The result in a line; null before there is one.</param>
/// <param name="Hosts">The hosts, those that become worse first.</param>
public sealed record TcbForecastModel(
    string Cloud, string Files, string Store, string Root, string? Line, IReadOnlyList<HostForecastRow> Hosts);

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
