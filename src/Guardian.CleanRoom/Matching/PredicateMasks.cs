using System.Runtime.InteropServices;

namespace Guardian.CleanRoom;

/// <summary>
/// Evaluates a predicate tree over the columns of a group, one column at a time, into a mask for each slot. Every node looks at every slot; nothing is cut short.
/// One per thread.
/// </summary>
internal sealed class PredicateMasks<TLanes, T> where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    private readonly GroupColumns columns;
    private readonly List<AlignedBytes> planes = [];

    public PredicateMasks(GroupColumns columns) => this.columns = columns;

    // How a node's result joins what its plane already holds.
    private enum Joining
    {
        Replace,
        And,
        Or,
    }

    /// <summary>Evaluates into halves: all ones where the row satisfies all conditions.</summary>
    /// <returns>Valid until the next call.</returns>
    public ref ushort Evaluate(IReadOnlyList<CodeCondition> conditions, ReadOnlySpan<byte> group)
    {
        EvaluateParts(conditions, group, 0, Joining.Replace, Joining.And, ulong.MaxValue);
        return ref planes[0].FirstHalf;
    }

    private void Evaluate(CodeCondition node, ReadOnlySpan<byte> group, int plane, Joining joining)
    {
        switch (node)
        {
            case CodeRanges leaf:
                EvaluateLeaf(leaf, group, plane, joining);
                break;
            case CodeAll all:
                EvaluateParts(all.Parts, group, plane, joining, Joining.And, ulong.MaxValue);
                break;
            case CodeAny any:
                EvaluateParts(any.Parts, group, plane, joining, Joining.Or, 0);
                break;
        }
    }

    private void EvaluateParts(IReadOnlyList<CodeCondition> parts, ReadOnlySpan<byte> group, int plane, Joining joining, Joining inner, ulong neutral)
    {
        // A part may join the plane at once when that is what the node does to it anyway.
        var target = joining == Joining.Replace || joining == inner ? plane : plane + 1;
        if (target != plane || joining == Joining.Replace)
        {
            Fill(target, neutral);
        }
        foreach (var part in parts)
        {
            Evaluate(part, group, target, inner);
        }
        if (target != plane)
        {
            Join(plane, joining);
        }
    }

    private void EvaluateLeaf(CodeRanges leaf, ReadOnlySpan<byte> group, int plane, Joining joining)
    {
        ref var codes = ref MemoryMarshal.GetReference(columns.Codes(leaf.Column, group));
        var size = columns.CodeSize(leaf.Column);
        ref var target = ref Plane(plane).FirstHalf;
        for (nuint slot = 0; slot < (nuint)columns.Slots; slot += Lanes)
        {
            var code = TLanes.LoadCodes(ref codes, slot, size);
            var outside = TLanes.All(ulong.MaxValue);
            for (var k = 0; k < leaf.Ranges.Count; k++)
            {
                // code - first > last - first, unsigned, says that the code is outside.
                var (first, last) = leaf.Ranges[k];
                outside = TLanes.And(outside, TLanes.Greater(TLanes.Subtract(code, TLanes.All(first)), TLanes.All(last - first)));
            }
            Join(ref target, slot, TLanes.Xor(outside, TLanes.All(ulong.MaxValue)), joining);
        }
    }

    // Joins the plane above to a plane.
    private void Join(int plane, Joining joining)
    {
        ref var source = ref Plane(plane + 1).FirstHalf;
        ref var target = ref Plane(plane).FirstHalf;
        for (nuint slot = 0; slot < (nuint)columns.Slots; slot += Lanes)
        {
            Join(ref target, slot, TLanes.LoadHalves(ref source, slot), joining);
        }
    }

    private static void Join(ref ushort target, nuint slot, T value, Joining joining)
    {
        var joined = joining switch
        {
            Joining.And => TLanes.And(TLanes.LoadHalves(ref target, slot), value),
            Joining.Or => TLanes.Or(TLanes.LoadHalves(ref target, slot), value),
            _ => value,
        };
        TLanes.StoreHalves(joined, ref target, slot);
    }

    private void Fill(int plane, ulong value)
    {
        ref var target = ref Plane(plane).FirstHalf;
        for (nuint slot = 0; slot < (nuint)columns.Slots; slot += Lanes)
        {
            TLanes.StoreHalves(TLanes.All(value), ref target, slot);
        }
    }

    private AlignedBytes Plane(int index)
    {
        while (planes.Count <= index)
        {
            planes.Add(new AlignedBytes(columns.Slots * sizeof(ushort)));
        }
        return planes[index];
    }
}
