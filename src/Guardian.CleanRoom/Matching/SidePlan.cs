namespace Guardian.CleanRoom;

/// <summary>How the rows of one side become elements: which pass, which part of the cell they bring, which values travel along.</summary>
/// <param name="Source">Where the side's groups come from.</param>
/// <param name="Capacity">Slots per bucket.</param>
/// <param name="Predicates">All must hold.</param>
/// <param name="Strides">Columns that make the cell: (code - 1) * stride, summed. A row with one of them empty does not pass.</param>
/// <param name="Values">Columns whose codes travel along, packed into payload words.</param>
internal sealed record SidePlan(
    IGroupSource Source, int Capacity, IReadOnlyList<CodeCondition> Predicates, IReadOnlyList<(int Column, int Stride)> Strides, IReadOnlyList<PackedValue> Values);

/// <summary>Where the code of a column lies in the payload.</summary>
internal readonly record struct PackedValue(int Column, int Plane, int Shift, ulong Mask)
{
    /// <summary>Packs columns into as few words as they fit in.</summary>
    public static IReadOnlyList<PackedValue> Pack(DataSet dataSet, IEnumerable<int> columns)
    {
        var packed = new List<PackedValue>();
        var (plane, used) = (0, 0);
        foreach (var column in columns)
        {
            // Codes run from 0 (empty) to the number of values.
            var bits = 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)(dataSet.Columns[column].Maximum - dataSet.Columns[column].Minimum + 1));
            if (used + bits > 64)
            {
                (plane, used) = (plane + 1, 0);
            }
            packed.Add(new PackedValue(column, plane, used, (1UL << bits) - 1));
            used += bits;
        }
        return packed;
    }

    /// <summary>Payload words that the values need.</summary>
    public static int Planes(IReadOnlyList<PackedValue> values) => values.Count == 0 ? 0 : values[^1].Plane + 1;
}
