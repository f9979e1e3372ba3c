using System.Runtime.InteropServices;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Matching;

/// <summary>
/// Evaluates conditions over the columns of a group, one column at a time, into a mask for each slot. Every node processes every slot;
/// nothing is skipped. One per thread.
/// </summary>
internal sealed class PredicateMasks<TLanes, T>(GroupColumns columns) where TLanes : struct, ILanes<T> where T : struct
{
    private readonly List<AlignedBytes> planes = [];

    /// <summary>Evaluates conditions, all of which must hold.</summary>
    /// <returns>A byte for each slot: all ones when its row satisfies all conditions, else zero. Valid until the next call.</returns>
    public ref byte Evaluate(IReadOnlyList<CodeCondition> conditions, ReadOnlySpan<byte> group)
    {
        EvaluateParts(conditions, group, 0, MaskJoin.Replace, MaskJoin.And);
        return ref Plane(0);
    }

    private void Evaluate(CodeCondition node, ReadOnlySpan<byte> group, int plane, MaskJoin join)
    {
        switch (node)
        {
            case CodeRanges { Ranges: [var (first, last)] } leaf:
                ref var codes = ref MemoryMarshal.GetReference(columns.Codes(leaf.Column, group));
                TLanes.InRange(ref codes, columns.CodeSize(leaf.Column), first, last, ref Plane(plane), (nuint)columns.Slots, join);
                break;
            case CodeRanges leaf:
                EvaluateParts(
                    [.. leaf.Ranges.Select(range => new CodeRanges(leaf.Column, [range]))], group, plane, join, MaskJoin.Or);
                break;
            case CodeAll all:
                EvaluateParts(all.Parts, group, plane, join, MaskJoin.And);
                break;
            case CodeAny any:
                EvaluateParts(any.Parts, group, plane, join, MaskJoin.Or);
                break;
        }
    }

    private void EvaluateParts(
        IReadOnlyList<CodeCondition> parts, ReadOnlySpan<byte> group, int plane, MaskJoin join, MaskJoin inner)
    {
        // Parts may join the plane directly when the node joins it in the same way.
        var target = join == MaskJoin.Replace || join == inner ? plane : plane + 1;
        var first = join == inner ? inner : MaskJoin.Replace;
        foreach (var part in parts)
        {
            Evaluate(part, group, target, first);
            first = inner;
        }
        if (parts.Count == 0 && first == MaskJoin.Replace)
        {
            Plane(target);
            planes[target].Span.Fill(inner == MaskJoin.And ? byte.MaxValue : (byte)0);
        }
        if (target != plane)
        {
            TLanes.JoinMasks(ref Plane(plane), ref Plane(target), (nuint)columns.Slots, join);
        }
    }

    private ref byte Plane(int index)
    {
        while (planes.Count <= index)
        {
            planes.Add(new AlignedBytes(columns.Slots));
        }
        return ref MemoryMarshal.GetReference(planes[index].Span);
    }
}
