namespace Guardian.CleanRoom.Contract;

/// <summary>Says that a data set's file has a row for each event. Its owner's tool folds them into one row for each person; events never leave.</summary>
/// <param name="Time">Header of the column that says when it happened.</param>
/// <param name="Zone">IANA name of the time zone, such as <c>Europe/Berlin</c>: of times without an offset, and of days.</param>
public sealed record EventRules(string Time, string Zone);

/// <summary>How a column is made from a person's events: those that happened in a window of time and pass all filters.</summary>
public sealed record Fold
{
    /// <summary>What is made of them.</summary>
    public required FoldKind Kind { get; init; }

    /// <summary>Header of the file's column whose cells are summed or compared; null for other kinds.</summary>
    public string? Of { get; init; }

    /// <summary>The most that one event adds to a sum, in either direction, scaled like the column; null for no limit.</summary>
    public long? EventCap { get; init; }

    /// <summary>The first instant that counts.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>The first instant after <see cref="From"/> that does not count any more.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>All of them must hold.</summary>
    public required IReadOnlyList<EventFilter> Where { get; init; }
}

/// <param name="Column">Header of a column of the file.</param>
/// <param name="Values">The event counts when its cell is one of these.</param>
public sealed record EventFilter(string Column, IReadOnlyList<string> Values);

/// <summary>What a person's events become. A value beyond the column's minimum or maximum becomes that.</summary>
public enum FoldKind
{
    /// <summary>How many there are.</summary>
    Count,

    /// <summary>The sum of a number in them.</summary>
    Sum,

    /// <summary>The day of the first; empty without any.</summary>
    First,

    /// <summary>The day of the last; empty without any.</summary>
    Last,

    /// <summary>On how many different days there was one.</summary>
    Days,

    /// <summary>Whether there is any.</summary>
    Any,

    /// <summary>The value that all of them have in a column, such as the arm of a test; empty when they differ.</summary>
    Same,
}
