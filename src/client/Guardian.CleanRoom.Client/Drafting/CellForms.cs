using Guardian.CleanRoom.Client.Reading;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Drafting;

/// <summary>The ways in which files write numbers and dates, each read as an upload will read it. Not thread-safe.</summary>
internal sealed class CellForms
{
    /// <summary>The forms of dates; an earlier one is preferred.</summary>
    public static readonly IReadOnlyList<DateOrder> Dates = [DateOrder.YearMonthDay, DateOrder.DayMonthYear, DateOrder.MonthDayYear];

    // Wider than any column of a contract: millionths of every number that a file may hold.
    private static readonly Column Number = new()
    {
        Name = "", Kind = ColumnKind.Decimal, Places = 6, Minimum = long.MinValue / 2, Maximum = long.MaxValue / 2, IsRounded = true,
    };

    // From 1850 to 2150: eight digits outside are a number, not a day.
    private static readonly Column Day = new()
    {
        Name = "",
        Kind = ColumnKind.Date,
        Minimum = new DateOnly(1850, 1, 1).DayNumber - new DateOnly(1970, 1, 1).DayNumber,
        Maximum = new DateOnly(2150, 1, 1).DayNumber - new DateOnly(1970, 1, 1).DayNumber,
    };

    private static readonly Column Flag = new() { Name = "", Kind = ColumnKind.Flag, Maximum = 1 };

    private readonly FileCell[] numbers = [.. FileCell.NumberForms.Select(rules => new FileCell(rules, isDeclaredAlone: true))];
    private readonly FileCell[] dates = [.. Dates.Select(order => new FileCell(new FileRules { Dates = order }))];

    /// <summary>Reads a number in one of the forms, as millionths.</summary>
    public bool TryReadNumber(int form, ReadOnlySpan<char> text, out long millionths) =>
        TryRead(numbers[form], Number, text, out millionths);

    /// <summary>Reads a day in one of the forms, as days since 1970-01-01.</summary>
    public bool TryReadDay(int form, ReadOnlySpan<char> text, out long day) => TryRead(dates[form], Day, text, out day);

    /// <summary>Whether a cell is a flag.</summary>
    public bool IsFlag(ReadOnlySpan<char> text) => TryRead(numbers[0], Flag, text, out _);

    private static bool TryRead(FileCell cells, Column column, ReadOnlySpan<char> text, out long value)
    {
        var isRead = cells.TryRead(column, text, out var read, out _) && read is not null;
        value = read ?? 0;
        return isRead;
    }
}
