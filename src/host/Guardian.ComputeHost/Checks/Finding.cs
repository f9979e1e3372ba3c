namespace Guardian.ComputeHost.Checks;

/// <summary>How a finding bears on the host's fitness.</summary>
public enum FindingStatus
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>Worth knowing; nothing is wrong.</summary>
    Note,

    /// <summary>It works, but not as well or as safely as it could.</summary>
    Warning,

    /// <summary>It could not be examined.</summary>
    Unknown,

    /// <summary>The host cannot run guests with EPC.</summary>
    Failed,
}

/// <summary>The result of examining one thing.</summary>
/// <param name="Id">A stable word for programs.</param>
/// <param name="Status">How it bears on the host's fitness.</param>
/// <param name="What">The fact, lower case.</param>
/// <param name="Why">The reason why it matters; null when all is well.</param>
/// <param name="Remedy">The command, the file or the firmware's menu that fixes it; null when nothing does, or nothing needs to.</param>
public sealed record Finding(string Id, FindingStatus Status, string What, string? Why = null, string? Remedy = null);

/// <summary>The result of a check.</summary>
/// <param name="Findings">All findings, in the order of examination.</param>
public sealed record CheckReport(IReadOnlyList<Finding> Findings)
{
    /// <summary>Whether nothing failed. A thing that could not be examined has not failed.</summary>
    public bool IsFit => Findings.All(finding => finding.Status != FindingStatus.Failed);
}
