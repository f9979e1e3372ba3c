using System.Runtime.InteropServices;

namespace Guardian.CleanRoom;

/// <summary>
/// Turns a stored group of one side into elements: filters column by column with masks, in stored order, then copies into the merge
/// buffers, the second side back to front. Touches every slot in the same way, whatever it holds. One per thread.
/// </summary>
internal sealed class GroupLoader
{
    private const int Lanes = RoomLayout.BucketsPerGroup;

    private readonly SidePlan plan;
    private readonly bool isSecond;
    private readonly byte[] plaintext;
    private readonly ulong[] payload;
    private readonly uint[] codes;
    private readonly int[] columnOffsets;

    public GroupLoader(SidePlan plan, RoomLayout layout, bool isSecond)
    {
        this.plan = plan;
        this.isSecond = isSecond;
        plaintext = new byte[layout.GroupSize(plan.Source.DataSet)];
        payload = new ulong[Slots];
        codes = new uint[Slots];
        columnOffsets = new int[plan.Source.DataSet.Columns.Count];
        var offset = 2 * sizeof(ulong) * Slots;
        for (var column = 0; column < columnOffsets.Length; column++)
        {
            columnOffsets[column] = offset;
            offset += Slots * plan.Source.DataSet.Columns[column].CodeSize;
        }
    }

    private int Slots => plan.Capacity * Lanes;

    /// <summary>Loads a group into the merge buffers: the first side from the start, the second from the end.</summary>
    /// <param name="size">Elements per bucket in the buffers.</param>
    public void Load(int group, Span<ulong> high, Span<ulong> low, Span<ulong> values, int size)
    {
        plan.Source.Read(group, plaintext);
        var words = MemoryMarshal.Cast<byte, ulong>(plaintext.AsSpan(0, 2 * sizeof(ulong) * Slots));
        MakePayload(words[..Slots]);
        var start = isSecond ? (size - plan.Capacity) * Lanes : 0;
        Place(words[..Slots], high.Slice(start, Slots));
        Place(payload, low.Slice(start, Slots));
        unchecked
        {
            // Tag bits and payload bits do not overlap: the payload was made to be added to the tag.
            var tags = words[Slots..];
            var target = low.Slice(start, Slots);
            for (var e = 0; e < plan.Capacity; e++)
            {
                var row = target.Slice((isSecond ? plan.Capacity - 1 - e : e) * Lanes, Lanes);
                for (var q = 0; q < Lanes; q++)
                {
                    row[q] |= tags[(e * Lanes) + q] & ~Elements.PayloadMask;
                }
            }
        }
        for (var plane = 0; plane < PackedValue.Planes(plan.Values); plane++)
        {
            MakeValues(plane);
            Place(payload, values.Slice((plane * size * Lanes) + start, Slots));
        }
    }

    // The low 16 bits of every slot.
    private void MakePayload(ReadOnlySpan<ulong> high)
    {
        var side = isSecond ? Elements.SideBit : 0;
        payload.AsSpan().Fill(Elements.PassBit | side);
        foreach (var predicate in plan.Predicates)
        {
            ApplyPredicate(predicate);
        }
        foreach (var (column, stride) in plan.Strides)
        {
            AddToCell(column, (ulong)stride);
        }
        unchecked
        {
            for (var i = 0; i < payload.Length; i++)
            {
                var empty = Mask(high[i] == Elements.EmptyHigh);
                payload[i] = (payload[i] & ~empty) | (Elements.EmptyLow & Elements.PayloadMask & empty);
            }
        }
    }

    private void ApplyPredicate(CodeCondition predicate)
    {
        var holds = new ulong[Slots];
        Evaluate(predicate, holds);
        for (var i = 0; i < payload.Length; i++)
        {
            payload[i] &= holds[i] | ~Elements.PassBit;
        }
    }

    // All ones in every slot where the condition holds. Branches follow from the question alone.
    private void Evaluate(CodeCondition condition, Span<ulong> holds)
    {
        switch (condition)
        {
            case CodeRanges ranges:
                EvaluateRanges(ranges, holds);
                break;
            case CodeAll { Parts: var parts }:
                EvaluateParts(parts, holds, isAll: true);
                break;
            case CodeAny { Parts: var parts }:
                EvaluateParts(parts, holds, isAll: false);
                break;
        }
    }

    private void EvaluateRanges(CodeRanges ranges, Span<ulong> holds)
    {
        Decode(ranges.Column);
        unchecked
        {
            for (var i = 0; i < holds.Length; i++)
            {
                var found = 0UL;
                foreach (var (first, last) in ranges.Ranges)
                {
                    found |= Mask(codes[i] - first <= last - first);
                }
                holds[i] = found;
            }
        }
    }

    private void EvaluateParts(IReadOnlyList<CodeCondition> parts, Span<ulong> holds, bool isAll)
    {
        var part = new ulong[holds.Length];
        Evaluate(parts[0], holds);
        foreach (var next in parts.Skip(1))
        {
            Evaluate(next, part);
            for (var i = 0; i < holds.Length; i++)
            {
                holds[i] = isAll ? holds[i] & part[i] : holds[i] | part[i];
            }
        }
    }

    private void AddToCell(int column, ulong stride)
    {
        Decode(column);
        unchecked
        {
            for (var i = 0; i < payload.Length; i++)
            {
                var isThere = Mask(codes[i] != 0);
                payload[i] += ((codes[i] - 1UL) * stride) & isThere & Elements.CodeMask;
                payload[i] &= isThere | ~Elements.PassBit;
            }
        }
    }

    private void MakeValues(int plane)
    {
        payload.AsSpan().Clear();
        foreach (var value in plan.Values)
        {
            if (value.Plane == plane)
            {
                Decode(value.Column);
                for (var i = 0; i < payload.Length; i++)
                {
                    payload[i] |= (ulong)codes[i] << value.Shift;
                }
            }
        }
    }

    // A column's codes, widened.
    private void Decode(int column)
    {
        var stored = plaintext.AsSpan(columnOffsets[column], Slots * plan.Source.DataSet.Columns[column].CodeSize);
        switch (plan.Source.DataSet.Columns[column].CodeSize)
        {
            case 1:
                for (var i = 0; i < codes.Length; i++)
                {
                    codes[i] = stored[i];
                }
                break;
            case 2:
                var words = MemoryMarshal.Cast<byte, ushort>(stored);
                for (var i = 0; i < codes.Length; i++)
                {
                    codes[i] = words[i];
                }
                break;
            default:
                MemoryMarshal.Cast<byte, uint>(stored).CopyTo(codes);
                break;
        }
    }

    // Copies eight words at a time: front to back, or back to front so that the second side descends.
    private void Place(ReadOnlySpan<ulong> source, Span<ulong> target)
    {
        if (!isSecond)
        {
            source.CopyTo(target);
            return;
        }
        for (var e = 0; e < plan.Capacity; e++)
        {
            source.Slice(e * Lanes, Lanes).CopyTo(target.Slice((plan.Capacity - 1 - e) * Lanes, Lanes));
        }
    }

    // All ones for true, without a branch.
    private static ulong Mask(bool condition) => unchecked(0UL - System.Runtime.CompilerServices.Unsafe.BitCast<bool, byte>(condition));
}
