using Guardian.CleanRoom.Client.Normalisation;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Drafting;

/// <summary>A part of a person that a column has.</summary>
internal enum PersonPart
{
    FirstName,
    LastName,
    FullName,
    BirthDate,
    Postcode,
}

/// <summary>A part of a composite identifier, as far as the first rows of a file show.</summary>
/// <param name="Column">The position of its column.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Order">For a date, the order of day, month and year; null when two orders are possible.</param>
internal sealed record PartGuess(int Column, IdentifierKind Kind, DateOrder? Order = DateOrder.YearMonthDay)
{
    /// <summary>Finds the parts that together identify a person: names, the date of birth, and a postcode if there is one.</summary>
    /// <param name="dates">The ways in which the cells of each column are dates.</param>
    /// <param name="headers">The headers of the columns.</param>
    /// <returns>Nothing when the file has no names, or no dates of birth.</returns>
    public static IReadOnlyList<PartGuess> Find(IReadOnlyList<DateTally> dates, IReadOnlyList<string> headers)
    {
        int Find(PersonPart part) => headers.Index().Where(each => HeaderWords.PartOf(each.Item) == part && dates[each.Index].Cells > 0)
            .Select(each => each.Index).FirstOrDefault(-1);
        var (first, last, full) = (Find(PersonPart.FirstName), Find(PersonPart.LastName), Find(PersonPart.FullName));
        var (birth, postcode) = (Find(PersonPart.BirthDate), Find(PersonPart.Postcode));
        List<int> names = first >= 0 && last >= 0 ? [first, last] : full >= 0 ? [full] : [];
        if (names.Count == 0 || birth < 0 || !dates[birth].TryDecide(out var order))
        {
            return [];
        }
        List<PartGuess> parts = [.. names.Select(column => new PartGuess(column, IdentifierKind.Name))];
        parts.Add(new PartGuess(birth, IdentifierKind.Date, order));
        if (postcode >= 0)
        {
            parts.Add(new PartGuess(postcode, IdentifierKind.Postcode));
        }
        return parts;
    }

    /// <summary>The part as an upload normalises it. While two orders are possible, the day comes first.</summary>
    public Identifier ToIdentifier(IReadOnlyList<string> headers) =>
        new(Kind, Identifier.Profiles(Kind).First().Value, headers[Column]) { Order = Order ?? DateOrder.DayMonthYear };
}

/// <summary>Counts the cells of a column that are dates in each order. Not thread-safe.</summary>
internal sealed class DateTally
{
    private static readonly DateOrder[] Orders = [DateOrder.YearMonthDay, DateOrder.DayMonthYear, DateOrder.MonthDayYear];

    private readonly int[] counts = new int[Orders.Length];

    /// <summary>Cells of the column.</summary>
    public int Cells { get; private set; }

    /// <summary>Adds a cell.</summary>
    public void Add(ReadOnlySpan<char> cell)
    {
        Cells++;
        Span<char> buffer = stackalloc char[10];
        for (var i = 0; i < Orders.Length; i++)
        {
            counts[i] += DateNormaliser.Normalise(cell, Orders[i], buffer) > 0 ? 1 : 0;
        }
    }

    /// <summary>Finds the order that explains most cells.</summary>
    /// <param name="order">The order; null when two explain equally many.</param>
    /// <returns>False when fewer than half of the cells are dates.</returns>
    public bool TryDecide(out DateOrder? order)
    {
        var best = counts.Max();
        order = counts.Count(count => count == best) == 1 ? Orders[Array.IndexOf(counts, best)] : null;
        return Cells > 0 && 2 * best >= Cells;
    }
}
