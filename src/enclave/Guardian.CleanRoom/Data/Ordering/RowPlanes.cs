using System.Runtime.InteropServices;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Data.Ordering;

/// <summary>
/// The layout of a row's other data in the words that move with its first word: the second word, then the codes. It loads eight rows at a
/// time from a group, and stores them in one.
/// </summary>
internal sealed class RowPlanes
{
    /// <summary>The plane of the second words. Their lowest 16 bits are free for marks.</summary>
    public const int Rest = 0;

    private const int WordBits = 64;

    private readonly List<(int Plane, int Shift, int Size)> fields = [];

    public RowPlanes(DataSet dataSet)
    {
        var shift = WordBits;
        foreach (var column in dataSet.Columns)
        {
            var bits = 8 * column.CodeSize;
            if (shift + bits > WordBits)
            {
                Count++;
                shift = 0;
            }
            fields.Add((Count - 1, shift, column.CodeSize));
            shift += bits;
        }
    }

    /// <summary>Words that move with a row's first word.</summary>
    public int Count { get; } = 1;

    /// <summary>Finds the place of a column.</summary>
    /// <returns>The plane, the lowest bit in its words, and the bytes.</returns>
    public (int Plane, int Shift, int Size) Find(int column) => fields[column];

    /// <summary>Loads eight rows.</summary>
    /// <param name="from">Row of the group.</param>
    /// <param name="to">Row of the buffers.</param>
    public void Load<TLanes, T>(GroupColumns columns, ReadOnlySpan<byte> group, int from, MergeBuffers buffers, int to)
        where TLanes : struct, ILanes<T> where T : struct
    {
        var slot = (nuint)(from * RoomLayout.BucketsPerGroup);
        TLanes.Store(TLanes.Load(ref MemoryMarshal.GetReference(columns.Words(group)), slot), ref buffers.Word(to), 0);
        TLanes.Store(TLanes.Load(ref MemoryMarshal.GetReference(columns.Rests(group)), slot), ref buffers.Value(Rest, to), 0);
        for (var plane = Rest + 1; plane < Count; plane++)
        {
            var word = TLanes.All(0);
            for (var column = 0; column < fields.Count; column++)
            {
                if (fields[column].Plane == plane)
                {
                    var (_, shift, size) = fields[column];
                    var code = TLanes.LoadCodes(ref MemoryMarshal.GetReference(columns.Codes(column, group)), slot, size);
                    word = TLanes.Or(word, TLanes.ShiftLeft(code, shift));
                }
            }
            TLanes.Store(word, ref buffers.Value(plane, to), 0);
        }
    }

    /// <summary>Stores eight rows.</summary>
    public void Store<TLanes, T>(MergeBuffers buffers, int from, GroupColumns columns, Span<byte> group, int to)
        where TLanes : struct, ILanes<T> where T : struct
    {
        var slot = (nuint)(to * RoomLayout.BucketsPerGroup);
        TLanes.Store(TLanes.Load(ref buffers.Word(from), 0), ref MemoryMarshal.GetReference(columns.Words(group)), slot);
        TLanes.Store(TLanes.Load(ref buffers.Value(Rest, from), 0), ref MemoryMarshal.GetReference(columns.Rests(group)), slot);
        for (var column = 0; column < fields.Count; column++)
        {
            var (plane, shift, size) = fields[column];
            var codes = TLanes.ShiftRight(TLanes.Load(ref buffers.Value(plane, from), 0), shift);
            TLanes.StoreCodes(codes, ref MemoryMarshal.GetReference(columns.Codes(column, group)), slot, size);
        }
    }
}
