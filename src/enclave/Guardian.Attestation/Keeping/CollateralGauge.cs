namespace Guardian.Attestation.Keeping;

/// <summary>A metric of kept collateral, as Prometheus names it: one sample for each platform.</summary>
public sealed class CollateralGauge
{
    private const string Gauge = "gauge";

    private CollateralGauge(string name, string type, string help, Func<KeptCollateral, double> read) =>
        (Name, Type, Help, Read) = (name, type, help, read);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<CollateralGauge> All { get; } =
    [
        new(
            "guardian_collateral_expiry_timestamp_seconds", Gauge,
            "The instant at which the first piece of collateral expires; 0 without.",
            kept => kept.Summary?.Expires.ToUnixTimeSeconds() ?? 0),
        new(
            "guardian_collateral_issued_timestamp_seconds", Gauge,
            "The instant at which the oldest piece of collateral was issued; 0 without.",
            kept => kept.Summary?.Issued.ToUnixTimeSeconds() ?? 0),
        new(
            "guardian_collateral_checked_timestamp_seconds", Gauge,
            "The last time at which a service gave good collateral; 0 before the first since the start.",
            kept => kept.CheckedAt?.ToUnixTimeSeconds() ?? 0),
        new(
            "guardian_collateral_evaluation_number", Gauge, "tcbEvaluationDataNumber of the TCB info; 0 without.",
            kept => kept.Summary?.EvaluationDataNumber ?? 0),
        new("guardian_collateral_update_failures_total", "counter", "Updates that failed.", kept => kept.Failures),
    ];

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary><c>gauge</c> or <c>counter</c>.</summary>
    public string Type { get; }

    /// <summary>One line for people.</summary>
    public string Help { get; }

    /// <summary>Reads the value.</summary>
    public Func<KeptCollateral, double> Read { get; }
}
