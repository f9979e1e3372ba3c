using System.Buffers.Binary;

namespace Guardian.CleanRoom;

/// <summary>
/// Checks a group that a partner sent, before anything is computed on it: rows ascend, stand in their bucket, are padded as the layout says, and
/// have codes that their columns know. One pass over every slot.
/// </summary>
internal sealed class GroupCheck(RoomLayout layout, DataSet dataSet)
{
    private readonly int capacity = layout.Capacities[dataSet.Name];

    /// <summary>Checks a group.</summary>
    /// <param name="plaintext">Exactly <see cref="RoomLayout.GroupSize"/> bytes.</param>
    /// <param name="rows">Rows that are not empty.</param>
    /// <returns>What is wrong first, or null.</returns>
    public string? FindProblem(int group, ReadOnlySpan<byte> plaintext, out int rows)
    {
        rows = 0;
        for (var bucket = 0; bucket < RoomLayout.BucketsPerGroup; bucket++)
        {
            if (FindProblem(group, bucket, plaintext, ref rows) is { } problem)
            {
                return $"chunk {group}, bucket {bucket}: {problem}";
            }
        }
        return FindCodeProblem(plaintext) is { } code ? $"chunk {group}: {code}" : null;
    }

    private string? FindProblem(int group, int bucket, ReadOnlySpan<byte> plaintext, ref int rows)
    {
        Tag? before = null;
        var isPadding = false;
        for (var slot = 0; slot < capacity; slot++)
        {
            var tag = TagAt(plaintext, (slot * RoomLayout.BucketsPerGroup) + bucket);
            if (tag.High == Elements.EmptyHigh)
            {
                if (tag.Low != ulong.MaxValue)
                {
                    return "an empty slot is not written as one";
                }
                isPadding = true;
                continue;
            }
            if (isPadding)
            {
                return "a row follows an empty slot";
            }
            if ((tag.Low & Elements.PayloadMask) != 0)
            {
                return "a tag has more than 112 bits";
            }
            if (layout.BucketOf(tag.High) != (group * RoomLayout.BucketsPerGroup) + bucket)
            {
                return "a row stands in the wrong bucket";
            }
            if (before is { } previous && previous >= tag)
            {
                return "rows are not in ascending order, or a person stands there twice";
            }
            before = tag;
            rows++;
        }
        return null;
    }

    private string? FindCodeProblem(ReadOnlySpan<byte> plaintext)
    {
        var slots = capacity * RoomLayout.BucketsPerGroup;
        var start = 16 * slots;
        foreach (var column in dataSet.Columns)
        {
            var size = column.CodeSize;
            var greatest = column.Maximum - column.Minimum + 1;
            for (var index = 0; index < slots; index++)
            {
                var code = ReadCode(plaintext.Slice(start + (size * index), size));
                if (code > greatest || (code != 0 && TagAt(plaintext, index).High == Elements.EmptyHigh))
                {
                    return $"column '{column.Name}' holds a code that it does not have";
                }
            }
            start += size * slots;
        }
        return null;
    }

    private Tag TagAt(ReadOnlySpan<byte> plaintext, int index) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(plaintext[(8 * index)..]),
        BinaryPrimitives.ReadUInt64LittleEndian(plaintext[(8 * ((capacity * RoomLayout.BucketsPerGroup) + index))..]));

    private static uint ReadCode(ReadOnlySpan<byte> cell) => cell.Length switch
    {
        1 => cell[0],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(cell),
        _ => BinaryPrimitives.ReadUInt32LittleEndian(cell),
    };
}
