using System.Globalization;
using System.Text.Json.Serialization;

namespace Guardian.Cli.Commands.Cloud;

/// <summary>The result of <c>usage show</c>: what a project used in a period, with the stock client's units.</summary>
/// <param name="Project">The project's identifier.</param>
/// <param name="CountedByFlavor">The servers with EPC that no journal has, and that are counted by their flavor.</param>
/// <param name="MissingHosts">The hosts whose journals are missing although they were asked.</param>
internal sealed record UsageResult(
    string Project, DateTimeOffset Start, DateTimeOffset End, double CpuHours, double DiskGigabyteHours, decimal EpcMebibyteHours,
    double RamMebibyteHours, int Servers, IReadOnlyList<string> CountedByFlavor, IReadOnlyList<MissingHost> MissingHosts)
{
    /// <summary>The titles of <see cref="ToTexts"/>, as the stock client has them.</summary>
    public static IReadOnlyList<string> Titles { get; } = ["CPU Hours", "Disk GB-Hours", "EPC MB-Hours", "RAM MB-Hours", "Servers"];

    /// <summary>The usage of each server.</summary>
    [JsonIgnore]
    public IReadOnlyList<ServerUsageResult> PerServer { get; init; } = [];

    /// <summary>The exit code: a bill with a gap is not verified.</summary>
    [JsonIgnore]
    public int ExitCode => MissingHosts.Count == 0 ? Failures.ExitCode.Done : Failures.ExitCode.Refused;

    /// <summary>The figures with two decimals.</summary>
    public string[] ToTexts() =>
    [
        Text(CpuHours), Text(DiskGigabyteHours), EpcMebibyteHours.ToString("F2", CultureInfo.InvariantCulture), Text(RamMebibyteHours),
        Servers.ToString(CultureInfo.InvariantCulture),
    ];

    /// <summary>The first line of a table.</summary>
    public static string DescribePeriod(DateTimeOffset start, DateTimeOffset end) =>
        $"Usage from {start.UtcDateTime:yyyy-MM-dd} to {end.UtcDateTime:yyyy-MM-dd}";

    private static string Text(double amount) => amount.ToString("F2", CultureInfo.InvariantCulture);
}

/// <summary>The usage of a server in a period.</summary>
/// <param name="Server">Its identifier.</param>
/// <param name="Name">Its name.</param>
/// <param name="Flavor">Its flavor.</param>
/// <param name="Hours">The hours that Nova counts.</param>
/// <param name="EpcMebibyteHours">EPC MB-Hours.</param>
/// <param name="CountedByFlavor">Whether its EPC is counted by its flavor, because no journal has it.</param>
internal sealed record ServerUsageResult(
    Guid Server, string Name, string Flavor, double Hours, decimal EpcMebibyteHours, bool CountedByFlavor);

/// <summary>The result of <c>usage servers</c>.</summary>
/// <param name="Project">The project's identifier.</param>
/// <param name="Servers">The servers, those with the most EPC MB-Hours first.</param>
/// <param name="MissingHosts">The hosts whose journals are missing although they were asked.</param>
internal sealed record UsageServersResult(
    string Project, DateTimeOffset Start, DateTimeOffset End, IReadOnlyList<ServerUsageResult> Servers,
    IReadOnlyList<MissingHost> MissingHosts);

/// <summary>The result of <c>usage list</c>.</summary>
internal sealed record UsageListResult(IReadOnlyList<UsageResult> Projects);
