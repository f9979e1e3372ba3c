using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Matching;

/// <summary>The part of one data set in a match: which of its rows count, and what they add to the cell's number.</summary>
/// <param name="Source">The source of its groups.</param>
/// <param name="Where">The conditions; a row counts when all hold.</param>
/// <param name="Cells">Parts of the cell's number, summed over all sides. A row with an empty cell in one of these columns does not
/// count.</param>
internal sealed record SidePlan(IGroupSource Source, IReadOnlyList<CodeCondition> Where, IReadOnlyList<CellPart> Cells);

/// <summary>A column's part of a cell's number: its bin times the stride.</summary>
/// <param name="Starts">Null when each code is a bin, from code 1. Else the first code of every bin but the first, ascending.</param>
/// <param name="HashBits">When greater than 0, bins are a hash of the code, of as many bits; without <paramref name="Starts"/>.</param>
internal sealed record CellPart(int Column, int Stride, IReadOnlyList<uint>? Starts = null, int HashBits = 0);

/// <summary>A column to sum over matched persons, as the distance from its minimum (code less one).</summary>
/// <param name="Side">Index of the side that has the column.</param>
/// <param name="Cap">Greatest distance that counts; larger ones count as this one.</param>
internal sealed record Measure(int Side, int Column, uint Cap = uint.MaxValue - 1);

/// <summary>The sums over matched persons, by cell.</summary>
/// <param name="Measures">Columns to sum.</param>
/// <param name="Products">Pairs of measures whose products are summed too.</param>
internal sealed record SumPlan(IReadOnlyList<Measure> Measures, IReadOnlyList<(int First, int Second)> Products);

/// <summary>Sums of one measure over the persons of a cell whose value is not empty.</summary>
internal readonly record struct MeasureSums(long Count, long Sum, Int128 SumOfSquares)
{
    public static MeasureSums operator +(MeasureSums left, MeasureSums right) =>
        new(left.Count + right.Count, left.Sum + right.Sum, left.SumOfSquares + right.SumOfSquares);
}

/// <summary>Sums over the persons of a cell who have both values of a pair.</summary>
internal readonly record struct ProductSums(long Count, long FirstSum, long SecondSum, Int128 Sum)
{
    public static ProductSums operator +(ProductSums left, ProductSums right) =>
        new(left.Count + right.Count, left.FirstSum + right.FirstSum, left.SecondSum + right.SecondSum, left.Sum + right.Sum);
}

/// <summary>Totals of one cell.</summary>
/// <param name="Persons">Matched persons.</param>
/// <param name="Measures">Sums in the order of <see cref="SumPlan.Measures"/>.</param>
/// <param name="Products">Sums in the order of <see cref="SumPlan.Products"/>.</param>
internal sealed record CellTotals(long Persons, IReadOnlyList<MeasureSums> Measures, IReadOnlyList<ProductSums> Products)
{
    public static CellTotals operator +(CellTotals left, CellTotals right) => new(
        left.Persons + right.Persons,
        [.. left.Measures.Zip(right.Measures, (one, other) => one + other)],
        [.. left.Products.Zip(right.Products, (one, other) => one + other)]);
}
