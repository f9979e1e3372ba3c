using System.Numerics;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Matching;

/// <summary>
/// The bits of a measure's code in the words that move with an element. Fields of different sides never overlap, so the words of matched
/// elements can be joined.
/// </summary>
internal readonly record struct ValueField(Measure Measure, int Plane, int Shift, ulong Mask)
{
    /// <summary>Packs measures into as few words as possible, in their order.</summary>
    public static IReadOnlyList<ValueField> Pack(IReadOnlyList<SidePlan> sides, IReadOnlyList<Measure> measures)
    {
        var fields = new List<ValueField>();
        var (plane, used) = (0, 0);
        foreach (var measure in measures)
        {
            var column = sides[measure.Side].Source.DataSet.Columns[measure.Column];
            // Codes run from 0 (empty) to the number of values.
            var bits = 64 - BitOperations.LeadingZeroCount((ulong)(column.Maximum - column.Minimum + 1));
            if (used + bits > 64)
            {
                (plane, used) = (plane + 1, 0);
            }
            fields.Add(new ValueField(measure, plane, used, (1UL << bits) - 1));
            used += bits;
        }
        return fields;
    }

    /// <summary>Counts the words that the fields need.</summary>
    public static int Planes(IReadOnlyList<ValueField> fields) => fields.Count == 0 ? 0 : fields[^1].Plane + 1;
}
