using System.Runtime.InteropServices;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Matching;

/// <summary>
/// Turns a stored group of one side into elements: it evaluates filters and cells column by column, in stored order, and then writes the
/// elements into the merge buffers. It touches every slot in the same way, whatever the slot holds. One per thread.
/// </summary>
internal sealed class GroupLoader<TLanes, T> where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    // 2^64 over the golden ratio (Knuth, volume 3, 6.4): neighbouring codes get different bins.
    private const ulong HashFactor = 0x9E37_79B9_7F4A_7C15;

    private readonly SidePlan plan;
    private readonly IReadOnlyList<ValueField> fields;
    private readonly bool withRests;
    private readonly GroupColumns columns;
    private readonly PredicateMasks<TLanes, T> masks;
    private readonly AlignedBytes plaintext;
    private readonly Payload payload;
    private readonly AlignedBytes cells;

    /// <param name="fields">The fields that this side fills.</param>
    /// <param name="withRests">Whether the last plane gets the second words.</param>
    public GroupLoader(
        SidePlan plan, RoomLayout layout, Payload payload, IReadOnlyList<ValueField> fields, bool withRests)
    {
        this.plan = plan;
        this.fields = fields;
        this.withRests = withRests;
        this.payload = payload;
        columns = new GroupColumns(layout, plan.Source.DataSet);
        masks = new PredicateMasks<TLanes, T>(columns);
        plaintext = new AlignedBytes(columns.Size);
        cells = new AlignedBytes(columns.Slots * sizeof(ushort));
    }

    /// <summary>Decrypts a group; its rows are valid until the next call.</summary>
    public GroupRows<TLanes, T> Open(int group) => RowsOf(plan.Source.Read(group, plaintext.Span));

    /// <summary>
    /// Loads a group into its part of the merge buffers: rows in their order, then empty ones; or all of it back to front in a part that
    /// descends.
    /// </summary>
    /// <param name="start">First row of the part.</param>
    /// <param name="rows">Rows of the part, at least the data set's capacity.</param>
    public void Load(int group, MergeBuffers buffers, int start, int rows, bool descends)
    {
        var stored = plan.Source.Read(group, plaintext.Span);
        var elements = RowsOf(stored);
        unchecked
        {
            // The target of row 0, and the distance to the target of the next row.
            var (first, step) = descends ? (start + rows - 1, -(nint)Lanes) : (start, (nint)Lanes);
            ref var words = ref buffers.Word(first);
            for (nint row = 0; row < rows; row++)
            {
                TLanes.Store(elements.Read((nuint)row), ref words, (nuint)(row * step));
            }
            var valuePlanes = buffers.Planes - (withRests ? 1 : 0);
            for (var plane = 0; plane < valuePlanes; plane++)
            {
                LoadValues(stored, plane, ref buffers.Value(plane, first), step, rows);
            }
            if (withRests)
            {
                LoadRests(stored, ref buffers.Value(valuePlanes, first), step, rows);
            }
        }
    }

    private GroupRows<TLanes, T> RowsOf(ReadOnlySpan<byte> stored)
    {
        if (plan.Cells.Count > 0)
        {
            MakeCells(stored);
        }
        ref var mask = ref MemoryMarshal.GetReference(cells.Span);
        if (plan.Where.Count > 0)
        {
            mask = ref masks.Evaluate(plan.Where, stored);
        }
        return new GroupRows<TLanes, T>(
            columns, stored, payload, ref cells.FirstHalf, ref mask, hasCells: plan.Cells.Count > 0, hasFilter: plan.Where.Count > 0);
    }

    // Stores for every slot its part of the cell, or the fail bit where a column is empty.
    private void MakeCells(ReadOnlySpan<byte> stored)
    {
        cells.Span.Clear();
        foreach (var part in plan.Cells)
        {
            AddToCell(part, stored);
        }
    }

    private void AddToCell(CellPart part, ReadOnlySpan<byte> stored)
    {
        ref var codes = ref MemoryMarshal.GetReference(columns.Codes(part.Column, stored));
        ref var target = ref cells.FirstHalf;
        var size = columns.CodeSize(part.Column);
        if (part.Starts is null && part.HashBits == 0)
        {
            TLanes.AddMultiples(ref codes, size, (ushort)part.Stride, (ushort)payload.FailBit, ref target, (nuint)columns.Slots);
            return;
        }
        for (nuint slot = 0; slot < (nuint)columns.Slots; slot += Lanes)
        {
            var code = TLanes.LoadCodes(ref codes, slot, size);
            var isEmpty = TLanes.Equal(code, TLanes.All(0));
            var multiple = TLanes.AndNot(TLanes.Multiply(BinOf(code, part), TLanes.All((ulong)part.Stride)), isEmpty);
            var value = TLanes.Add(TLanes.LoadHalves(ref target, slot), multiple);
            TLanes.StoreHalves(TLanes.Or(value, TLanes.And(isEmpty, TLanes.All(payload.FailBit))), ref target, slot);
        }
    }

    // Hashes the code, or counts the bins that begin at or below it.
    private static T BinOf(T code, CellPart part)
    {
        if (part.HashBits > 0)
        {
            return TLanes.ShiftRight(TLanes.Multiply(code, TLanes.All(HashFactor)), 64 - part.HashBits);
        }
        var (starts, bin) = (part.Starts!, TLanes.All(0));
        for (var k = 0; k < starts.Count; k++)
        {
            // A mask of all ones is minus one.
            bin = TLanes.Subtract(bin, TLanes.Greater(code, TLanes.All(starts[k] - 1UL)));
        }
        return bin;
    }

    private void LoadRests(ReadOnlySpan<byte> stored, ref ulong target, nint step, int rows)
    {
        ref var words = ref MemoryMarshal.GetReference(columns.Words(stored));
        ref var rests = ref MemoryMarshal.GetReference(columns.Rests(stored));
        unchecked
        {
            for (nint row = 0; row < rows; row++)
            {
                var slot = (nuint)row * Lanes;
                var rest = row < columns.Capacity
                    ? TLanes.Or(TLanes.Load(ref rests, slot), TLanes.And(TLanes.Load(ref words, slot), TLanes.All(payload.Mask)))
                    : TLanes.All(Elements.Empty);
                TLanes.Store(rest, ref target, (nuint)(row * step));
            }
        }
    }

    private void LoadValues(ReadOnlySpan<byte> stored, int plane, ref ulong target, nint step, int rows)
    {
        unchecked
        {
            for (nint row = 0; row < rows; row++)
            {
                TLanes.Store(TLanes.All(0), ref target, (nuint)(row * step));
            }
        }
        for (var k = 0; k < fields.Count; k++)
        {
            if (fields[k].Plane == plane)
            {
                AddValues(stored, fields[k], ref target, step);
            }
        }
    }

    private void AddValues(ReadOnlySpan<byte> stored, ValueField field, ref ulong values, nint step)
    {
        var column = field.Measure.Column;
        ref var codes = ref MemoryMarshal.GetReference(columns.Codes(column, stored));
        var size = columns.CodeSize(column);
        var cap = TLanes.All(field.Measure.Cap + 1UL);
        unchecked
        {
            nint target = 0;
            for (nuint slot = 0; slot < (nuint)columns.Slots; slot += Lanes, target += step)
            {
                var code = TLanes.ShiftLeft(TLanes.Min(TLanes.LoadCodes(ref codes, slot, size), cap), field.Shift);
                TLanes.Store(TLanes.Or(TLanes.Load(ref values, (nuint)target), code), ref values, (nuint)target);
            }
        }
    }
}
