namespace Guardian.Refusals;

/// <summary>Why something was not done: a stable reason for programs and a sentence for people. Immutable.</summary>
/// <param name="Reason">The reason, from the list of the library that refused.</param>
/// <param name="Detail">What was wrong and where, for people: lower case, no full stop, no secret.</param>
/// <param name="Location">The place in the input; null when there is none.</param>
public sealed record Refusal(RefusalReason Reason, string Detail, RefusalLocation? Location = null)
{
    /// <summary>The kind, which says what the caller can do about it.</summary>
    public RefusalKind Kind => Reason.Kind;

    /// <summary>The stable word for programs.</summary>
    public string Code => Reason.Code;

    /// <summary>The step that fixes it; the reason's own unless this case has a better one.</summary>
    public string? Remedy { get; init; } = Reason.Remedy;

    /// <summary>One line for each failed check or each mistake, when there are several.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}

/// <summary>A place in an input. Only the parts that are known are set.</summary>
/// <param name="Part">The named part: a check's stage, a field or a file.</param>
/// <param name="Line">Line of a text, from 1.</param>
/// <param name="Column">Column of a text, from 1.</param>
/// <param name="Offset">Offset in bytes, from 0.</param>
public sealed record RefusalLocation(string? Part = null, int? Line = null, int? Column = null, long? Offset = null);
