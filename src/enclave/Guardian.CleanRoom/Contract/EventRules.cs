namespace Guardian.CleanRoom.Contract;

/// <summary>
/// The rules of a data set whose file has a row for each event. The owner's client folds the events into one row for each person; events
/// never leave the owner.
/// </summary>
/// <param name="Time">Header of the column with the time of the event.</param>
/// <param name="Zone">IANA name of the time zone of days and of times without an offset, such as <c>Europe/Berlin</c>.</param>
public sealed record EventRules(string Time, string Zone);

/// <summary>How a column is computed from a person's events in a window of time that pass all filters.</summary>
public sealed record Fold
{
    /// <summary>The computation.</summary>
    public required FoldKind Kind { get; init; }

    /// <summary>Header of the file's column whose cells are summed or compared; null for other kinds.</summary>
    public string? Of { get; init; }

    /// <summary>The most that one event adds to a sum, in either direction, scaled like the column; null for no limit.</summary>
    public long? EventCap { get; init; }

    /// <summary>The first instant that counts.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>The first instant after <see cref="From"/> that no longer counts.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>The filters; an event counts when it passes all.</summary>
    public required IReadOnlyList<EventFilter> Where { get; init; }
}

/// <summary>A filter on events.</summary>
/// <param name="Column">Header of a column of the file.</param>
/// <param name="Values">The event passes when its cell is one of these.</param>
public sealed record EventFilter(string Column, IReadOnlyList<string> Values);

/// <summary>The value that a person's events become. A value beyond the column's minimum or maximum becomes that bound.</summary>
public enum FoldKind
{
    /// <summary>The number of events.</summary>
    Count,

    /// <summary>The sum of a number in them.</summary>
    Sum,

    /// <summary>The day of the first; empty without any.</summary>
    First,

    /// <summary>The day of the last; empty without any.</summary>
    Last,

    /// <summary>The number of different days with an event.</summary>
    Days,

    /// <summary>Whether there is any event.</summary>
    Any,

    /// <summary>The value that all of them have in a column, such as the arm of a test; empty when they differ.</summary>
    Same,
}
