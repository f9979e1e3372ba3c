namespace Guardian.Node.Checks;

/// <summary>How a finding bears on the host's fitness.</summary>
public enum FindingStatus
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>Worth knowing; nothing is wrong.</summary>
    Note,

    /// <summary>It works, but not as well or as safely as it could.</summary>
    Warning,

    /// <summary>Could not be looked at.</summary>
    Unknown,

    /// <summary>The host cannot run guests with EPC.</summary>
    Failed,
}

/// <summary>One thing that was looked at.</summary>
/// <param name="Id">Stable word for programs.</param>
/// <param name="What">What it is, lower case.</param>
/// <param name="Why">Why it matters; null where all is well.</param>
/// <param name="Mend">The command, the file or the firmware's menu that mends it; null where nothing does, or need.</param>
public sealed record Finding(string Id, FindingStatus Status, string What, string? Why = null, string? Mend = null);

/// <summary>The result of a check.</summary>
public sealed record CheckReport(IReadOnlyList<Finding> Findings)
{
    /// <summary>Whether nothing failed. What could not be looked at does not count as failed.</summary>
    public bool IsFit => Findings.All(finding => finding.Status != FindingStatus.Failed);
}
