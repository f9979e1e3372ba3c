namespace Guardian.CleanRoom.Matching;

/// <summary>How one data set takes part in a match: which of its rows count, and which part of the cell they bring.</summary>
/// <param name="Source">Where its groups come from.</param>
/// <param name="Where">All must hold for a row to count.</param>
/// <param name="Cells">Parts of the cell's number, summed over all sides. A row with one of these columns empty does not count.</param>
internal sealed record SidePlan(IGroupSource Source, IReadOnlyList<CodeCondition> Where, IReadOnlyList<CellPart> Cells);

/// <summary>A column's part of a cell's number: its bin times the stride.</summary>
/// <param name="Starts">Null: each code is a bin, code 1 the first. Else the first code of each bin but the first, ascending.</param>
internal sealed record CellPart(int Column, int Stride, IReadOnlyList<uint>? Starts = null);

/// <summary>A column to sum over matched persons, as the distance from its minimum (code less one).</summary>
/// <param name="Side">Index of the side that has it.</param>
/// <param name="Cap">Greatest distance that counts; what is above counts as this much.</param>
internal sealed record Measure(int Side, int Column, uint Cap = uint.MaxValue - 1);

/// <summary>What is summed of matched persons, by cell.</summary>
/// <param name="Products">Pairs of measures whose products are summed as well.</param>
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
/// <param name="Measures">In the order of <see cref="SumPlan.Measures"/>.</param>
/// <param name="Products">In the order of <see cref="SumPlan.Products"/>.</param>
internal sealed record CellTotals(long Persons, IReadOnlyList<MeasureSums> Measures, IReadOnlyList<ProductSums> Products)
{
    public static CellTotals operator +(CellTotals left, CellTotals right) => new(
        left.Persons + right.Persons,
        [.. left.Measures.Zip(right.Measures, (one, other) => one + other)],
        [.. left.Products.Zip(right.Products, (one, other) => one + other)]);
}
