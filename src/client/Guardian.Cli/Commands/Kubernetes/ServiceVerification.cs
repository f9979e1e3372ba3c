using System.Globalization;

namespace Guardian.Cli.Commands.Kubernetes;

/// <summary>An admission that the CAS wrote into its log after it had verified the enclave's quote.</summary>
/// <param name="Service"><c>SESSION/SERVICE</c>.</param>
/// <param name="Time">The time by the clock of the CAS's host.</param>
/// <param name="Enclave">The enclave, such as <c>mrenclave HEX</c>.</param>
/// <param name="Text">More, such as the hash of the session.</param>
internal sealed record Admission(string Service, string Time, string Enclave, string Text);

/// <summary>A service that pods claim to be, and what the CAS verified of it.</summary>
/// <param name="Service"><c>SESSION/SERVICE</c>.</param>
/// <param name="Containers">The containers that claim to be it, <c>NAMESPACE/POD/CONTAINER</c>.</param>
/// <param name="Admitted">The admissions since the oldest of them started.</param>
/// <param name="Last">The time of the last admission; null for none that the caller may see.</param>
/// <param name="Enclave">The enclave of the last admission.</param>
/// <param name="Session">The session's text at the last admission, as the log says.</param>
internal sealed record ServiceVerification(
    string Service, IReadOnlyList<string> Containers, int Admitted, string? Last, string? Enclave, string? Session)
{
    // The clocks of the nodes and of the CAS's host differ.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(2);

    /// <summary>Whether the CAS admitted as many enclaves as containers claim to be the service.</summary>
    public bool IsVerified => Admitted >= Containers.Count;

    /// <summary>Compares containers with admissions.</summary>
    /// <returns>One entry for each service, in the order of their names.</returns>
    public static IReadOnlyList<ServiceVerification> Compare(
        IReadOnlyList<RunningContainer> containers, IReadOnlyList<Admission> admissions) =>
    [
        .. containers.GroupBy(container => container.Service).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group =>
        {
            var own = admissions.Where(admission => admission.Service == group.Key).ToList();
            var since = group.Min(container => container.StartedAt ?? DateTimeOffset.MaxValue);
            return new ServiceVerification(
                group.Key, [.. group.Select(container => $"{container.Namespace}/{container.Pod}/{container.Container}")],
                own.Count(admission => IsSince(admission, since)), own.LastOrDefault()?.Time, own.LastOrDefault()?.Enclave,
                own.LastOrDefault()?.Text);
        }),
    ];

    // A container whose start nobody knows has no admission.
    private static bool IsSince(Admission admission, DateTimeOffset since) => since != DateTimeOffset.MaxValue
        && DateTimeOffset.TryParse(admission.Time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
        && time >= since - ClockTolerance;
}
