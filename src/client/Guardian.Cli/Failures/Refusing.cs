using Guardian.Refusals;

namespace Guardian.Cli.Failures;

/// <summary>Makes the exception that ends a command with a refusal.</summary>
internal static class Refusing
{
    /// <param name="reason">The reason, from <see cref="CliReasons"/>.</param>
    /// <param name="detail">What was wrong and where: lower case, no full stop, no secret.</param>
    /// <param name="remedy">The step that fixes it; null for the reason's own.</param>
    /// <param name="problems">One line for each mistake, when there are several.</param>
    public static RefusedException Refuse(
        this RefusalReason reason, string detail, string? remedy = null, IReadOnlyList<string>? problems = null) =>
        new(new Refusal(reason, detail) { Remedy = remedy ?? reason.Remedy, Problems = problems ?? [] });
}
