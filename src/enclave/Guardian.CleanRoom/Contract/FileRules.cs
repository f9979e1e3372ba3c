namespace Guardian.CleanRoom.Contract;

/// <summary>
/// How the owner's file writes its cells: <c>file</c> of a data set. The owner's client applies it; the room never sees the file. It is in
/// the contract so that every member knows how a cell became a value.
/// </summary>
public sealed record FileRules
{
    /// <summary>The words that mean an empty cell, besides a cell without text. Upper and lower case are equal.</summary>
    public IReadOnlyList<string> Empty { get; init; } = [];

    /// <summary>The decimal sign: a point or a comma.</summary>
    public char Decimal { get; init; } = '.';

    /// <summary>The sign between groups of three digits: a point, a comma, an apostrophe or a blank; null for none.</summary>
    public char? Thousands { get; init; }

    /// <summary>The form of dates.</summary>
    public DateOrder Dates { get; init; }

    /// <summary>
    /// The share of a file's rows, 0 to 0.1, whose cell in a column may be no value of that column. Such a cell counts as empty, and in
    /// the time of an event the event does not count. The receipt says how many there were.
    /// </summary>
    public decimal InvalidCells { get; init; }

    /// <summary>The value of a category's unlisted cells where its column says <see cref="UnlistedValues.Other"/>.</summary>
    public const string OtherValue = "other";

    /// <summary>Whether numbers are written as in questions: a decimal point, and no sign between thousands.</summary>
    public bool HasPlainNumbers => Decimal == '.' && Thousands is null;
}

/// <summary>The treatment of a category's value that its column does not list.</summary>
public enum UnlistedValues
{
    /// <summary>The cell is invalid.</summary>
    Refuse,

    /// <summary>The cell counts as empty.</summary>
    Empty,

    /// <summary>The cell has the value <c>other</c>.</summary>
    Other,
}
