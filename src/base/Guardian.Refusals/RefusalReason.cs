namespace Guardian.Refusals;

/// <summary>A reason for which a part of Guardian refuses. Each library lists its reasons as static fields of one class, and
/// <c>docs/reference/reasons.md</c> is generated from them.</summary>
/// <param name="Code">A stable word for programs, lower case with hyphens, for example <c>below-minimum-audience</c>.</param>
/// <param name="Kind">What the caller can do about it.</param>
/// <param name="Meaning">What the reason says, one sentence for the reference page.</param>
/// <param name="Remedy">The step that fixes it, lower case, without full stop; null when there is no general one.</param>
public sealed record RefusalReason(string Code, RefusalKind Kind, string Meaning, string? Remedy = null)
{
    /// <summary>Makes a refusal for this reason.</summary>
    /// <param name="detail">What was wrong and where, for people: lower case, no full stop, no secret.</param>
    /// <param name="location">The place in the input; null when there is none.</param>
    /// <returns>The refusal.</returns>
    public Refusal Because(string detail, RefusalLocation? location = null) => new(this, detail, location);
}
