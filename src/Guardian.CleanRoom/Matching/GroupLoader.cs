using System.Runtime.InteropServices;

namespace Guardian.CleanRoom;

/// <summary>
/// Turns a stored group of one side into elements: filters and cells column by column, in stored order, then copies tags and payload into the merge buffers.
/// Touches every slot in the same way, whatever it holds. One per thread.
/// </summary>
internal sealed class GroupLoader<TLanes, T> where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    private readonly SidePlan plan;
    private readonly IReadOnlyList<ValueField> fields;
    private readonly GroupColumns columns;
    private readonly PredicateMasks<TLanes, T> masks;
    private readonly AlignedBytes plaintext;
    private readonly AlignedBytes payload;

    /// <param name="fields">The fields that this side fills.</param>
    public GroupLoader(SidePlan plan, RoomLayout layout, IReadOnlyList<ValueField> fields)
    {
        this.plan = plan;
        this.fields = fields;
        columns = new GroupColumns(layout, plan.Source.DataSet);
        masks = new PredicateMasks<TLanes, T>(columns);
        plaintext = new AlignedBytes(columns.Size);
        payload = new AlignedBytes(columns.Slots * sizeof(ushort));
    }

    /// <summary>Loads a group into its place in the merge buffers: ascending, then empty.</summary>
    /// <param name="start">First row of the place.</param>
    /// <param name="rows">Rows of the place, at least the data set's capacity.</param>
    public void Load(int group, MergeBuffers buffers, int start, int rows)
    {
        var stored = plan.Source.Read(group, plaintext.Span);
        MakePayload(stored);
        Place(stored, buffers, start, rows);
        unchecked
        {
            for (var plane = 0; plane < buffers.Planes; plane++)
            {
                PlaceValues(stored, plane, ref buffers.Value(plane, start), rows);
            }
        }
    }

    // The low 16 bits of every slot that holds a row; empty slots have them all set, whatever comes out here.
    private void MakePayload(ReadOnlySpan<byte> stored)
    {
        ref var target = ref payload.FirstHalf;
        var count = (nuint)columns.Slots;
        for (nuint slot = 0; slot < count; slot += Lanes)
        {
            TLanes.StoreHalves(TLanes.All(0), ref target, slot);
        }
        if (plan.Where.Count > 0)
        {
            ref var mask = ref masks.Evaluate(plan.Where, stored);
            for (nuint slot = 0; slot < count; slot += Lanes)
            {
                TLanes.StoreHalves(TLanes.AndNot(TLanes.All(Elements.FailBit), TLanes.LoadHalves(ref mask, slot)), ref target, slot);
            }
        }
        foreach (var part in plan.Cells)
        {
            AddToCell(part, stored);
        }
    }

    private void AddToCell(CellPart part, ReadOnlySpan<byte> stored)
    {
        ref var codes = ref MemoryMarshal.GetReference(columns.Codes(part.Column, stored));
        ref var target = ref payload.FirstHalf;
        var size = columns.CodeSize(part.Column);
        for (nuint slot = 0; slot < (nuint)columns.Slots; slot += Lanes)
        {
            var code = TLanes.LoadCodes(ref codes, slot, size);
            var isEmpty = TLanes.Equal(code, TLanes.All(0));
            var bin = part.Starts is null ? TLanes.Subtract(code, TLanes.All(1)) : BinOf(code, part.Starts);
            var value = TLanes.Add(TLanes.LoadHalves(ref target, slot), TLanes.AndNot(TLanes.Multiply(bin, TLanes.All((ulong)part.Stride)), isEmpty));
            TLanes.StoreHalves(TLanes.Or(value, TLanes.And(isEmpty, TLanes.All(Elements.FailBit))), ref target, slot);
        }
    }

    // How many bins begin at or below the code.
    private static T BinOf(T code, IReadOnlyList<uint> starts)
    {
        var bin = TLanes.All(0);
        for (var k = 0; k < starts.Count; k++)
        {
            // A mask of all ones is minus one.
            bin = TLanes.Subtract(bin, TLanes.Greater(code, TLanes.All(starts[k] - 1UL)));
        }
        return bin;
    }

    private void Place(ReadOnlySpan<byte> stored, MergeBuffers buffers, int start, int rows)
    {
        ref var sourceHigh = ref MemoryMarshal.GetReference(columns.High(stored));
        ref var sourceLow = ref MemoryMarshal.GetReference(columns.Low(stored));
        ref var sourcePayload = ref payload.FirstHalf;
        ref var high = ref buffers.High(start);
        ref var low = ref buffers.Low(start);
        unchecked
        {
            var filled = (nuint)columns.Slots;
            for (nuint slot = 0; slot < filled; slot += Lanes)
            {
                // Tag bits and payload bits do not overlap.
                TLanes.Store(TLanes.Load(ref sourceHigh, slot), ref high, slot);
                TLanes.Store(TLanes.Or(TLanes.Load(ref sourceLow, slot), TLanes.LoadHalves(ref sourcePayload, slot)), ref low, slot);
            }
            for (var slot = filled; slot < (nuint)rows * Lanes; slot += Lanes)
            {
                TLanes.Store(TLanes.All(Elements.Empty), ref high, slot);
                TLanes.Store(TLanes.All(Elements.Empty), ref low, slot);
            }
        }
    }

    private void PlaceValues(ReadOnlySpan<byte> stored, int plane, ref ulong target, int rows)
    {
        for (nuint slot = 0; slot < (nuint)rows * Lanes; slot += Lanes)
        {
            TLanes.Store(TLanes.All(0), ref target, slot);
        }
        for (var k = 0; k < fields.Count; k++)
        {
            if (fields[k].Plane == plane)
            {
                AddValues(stored, fields[k], ref target);
            }
        }
    }

    private void AddValues(ReadOnlySpan<byte> stored, ValueField field, ref ulong target)
    {
        var column = field.Measure.Column;
        ref var codes = ref MemoryMarshal.GetReference(columns.Codes(column, stored));
        var size = columns.CodeSize(column);
        var cap = TLanes.All(field.Measure.Cap + 1UL);
        for (nuint slot = 0; slot < (nuint)columns.Slots; slot += Lanes)
        {
            var code = TLanes.ShiftLeft(TLanes.Min(TLanes.LoadCodes(ref codes, slot, size), cap), field.Shift);
            TLanes.Store(TLanes.Or(TLanes.Load(ref target, slot), code), ref target, slot);
        }
    }
}
