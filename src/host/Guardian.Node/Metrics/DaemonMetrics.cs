using System.Globalization;
using Guardian.Node.Definitions;
using Guardian.Node.Relay;

namespace Guardian.Node.Metrics;

/// <summary>The daemon's own state, for monitoring.</summary>
internal sealed record DaemonState
{
    /// <summary>The program's version.</summary>
    public required string Version { get; init; }

    /// <summary>The relay's counts.</summary>
    public required RelayStatistics Relay { get; init; }

    /// <summary>The number of open connections.</summary>
    public required int Connections { get; init; }

    /// <summary>Whether lookups are not made at present, because Placement gave no answer in time.</summary>
    public required bool LookupsSuspended { get; init; }

    /// <summary>Whether each service of the cloud answered when it was asked last, by the service's name.</summary>
    public required IReadOnlyDictionary<string, bool> Services { get; init; }

    /// <summary>The last time at which Placement had this host's EPC as it is; null before the first.</summary>
    public required DateTimeOffset? PublishedAt { get; init; }

    /// <summary>The number of publications that failed; null when no cloud is configured.</summary>
    public required long? PublicationFailures { get; init; }

    /// <summary>The records that wait for the disk.</summary>
    public required int JournalBacklog { get; init; }
}

/// <summary>Writes the metrics of the daemon itself.</summary>
internal static class DaemonMetrics
{
    private const string Gauge = "gauge";
    private const string Counter = "counter";

    /// <summary>Writes a part of the answer of <c>/metrics</c>.</summary>
    /// <param name="host">Nova's name of this host.</param>
    /// <param name="state">The daemon's state.</param>
    public static string Write(string host, DaemonState state)
    {
        var text = new MetricsText(host);
        text.AddSingle("guardian_node_info", Gauge, "The daemon's version, in a label.", 1, ("version", state.Version));
        AddPublication(text, state);
        AddRelay(text, state);
        text.AddSingle(
            "guardian_journal_backlog_records", Gauge, "Records of the meter that wait for the disk.", state.JournalBacklog);
        return text.ToString();
    }

    private static void AddPublication(MetricsText text, DaemonState state)
    {
        text.AddFamily(
            "guardian_cloud_service_up", Gauge, "Whether a service of the cloud answered when it was asked last.");
        foreach (var (service, isUp) in state.Services.OrderBy(service => service.Key, StringComparer.Ordinal))
        {
            text.AddSample("guardian_cloud_service_up", isUp ? 1 : 0, ("service", service));
        }
        if (state.PublicationFailures is { } failures)
        {
            text.AddSingle(
                "guardian_inventory_published_timestamp_seconds", Gauge,
                "The last time at which Placement had this host's EPC as it is; 0 before the first.",
                state.PublishedAt?.ToUnixTimeSeconds() ?? 0);
            text.AddSingle("guardian_inventory_publication_failures_total", Counter, "Publications that failed.", failures);
        }
    }

    private static void AddRelay(MetricsText text, DaemonState state)
    {
        text.AddSingle("guardian_relay_connections", Gauge, "Open connections to the relay.", state.Connections);
        text.AddSingle(
            "guardian_relay_lookups_suspended", Gauge,
            "Whether the relay decides without Placement, because Placement gave no answer in time.", state.LookupsSuspended ? 1 : 0);
        text.AddFamily("guardian_relay_refusals_total", Counter, "Calls that the relay refused, by reason.");
        // Prometheus sees no increase in a counter that begins with 1, so each reason begins with 0.
        foreach (var reason in RelayErrors.Reasons.OrderBy(reason => reason.Code, StringComparer.Ordinal))
        {
            text.AddSample(
                "guardian_relay_refusals_total", state.Relay.Refusals.GetValueOrDefault(reason), ("reason", reason.Code));
        }
        var lookups = state.Relay.ReadLookups();
        text.AddFamily("guardian_relay_lookups_total", Counter, "Decisions about a server's EPC, by their source.");
        foreach (var (result, count) in lookups.Results)
        {
            text.AddSample("guardian_relay_lookups_total", count, ("result", result.ToString().ToLowerInvariant()));
        }
        const string Time = "guardian_relay_lookup_seconds";
        text.AddFamily(Time, "histogram", "The time for which a definition waited for its server's claim.");
        for (var i = 0; i < lookups.Buckets.Count; i++)
        {
            var bound = RelayStatistics.LookupBounds[i].ToString(CultureInfo.InvariantCulture);
            text.AddSample($"{Time}_bucket", lookups.Buckets[i], ("le", bound));
        }
        var all = lookups.Results.Values.Sum();
        text.AddSample($"{Time}_bucket", all, ("le", "+Inf"));
        text.AddSample($"{Time}_sum", lookups.Seconds);
        text.AddSample($"{Time}_count", all);
    }
}
