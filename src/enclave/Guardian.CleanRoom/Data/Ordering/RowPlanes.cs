using System.Runtime.InteropServices;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Data.Ordering;

/// <summary>Where what belongs to a row stands in the words that travel with its first one, and how eight rows at a time come from a group and go back into one: the second word, then the codes.</summary>
internal sealed class RowPlanes
{
    /// <summary>The plane of the second words. Their lowest 16 bits are free for marks.</summary>
    public const int Rest = 0;

    private const int WordBits = 64;

    private readonly List<(int Plane, int Shift, int Size)> places = [];

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
            places.Add((Count - 1, shift, column.CodeSize));
            shift += bits;
        }
    }

    /// <summary>Words that travel with a row.</summary>
    public int Count { get; } = 1;

    /// <summary>Loads eight rows.</summary>
    /// <param name="from">Which eight of the group.</param>
    /// <param name="to">Row of the buffers.</param>
    public void Load<TLanes, T>(GroupColumns columns, ReadOnlySpan<byte> group, int from, MergeBuffers buffers, int to) where TLanes : struct, ILanes<T> where T : struct
    {
        var slot = (nuint)(from * RoomLayout.BucketsPerGroup);
        TLanes.Store(TLanes.Load(ref MemoryMarshal.GetReference(columns.Words(group)), slot), ref buffers.Word(to), 0);
        TLanes.Store(TLanes.Load(ref MemoryMarshal.GetReference(columns.Rests(group)), slot), ref buffers.Value(Rest, to), 0);
        for (var plane = Rest + 1; plane < Count; plane++)
        {
            var word = TLanes.All(0);
            for (var column = 0; column < places.Count; column++)
            {
                if (places[column].Plane == plane)
                {
                    word = TLanes.Or(word, TLanes.ShiftLeft(TLanes.LoadCodes(ref MemoryMarshal.GetReference(columns.Codes(column, group)), slot, places[column].Size), places[column].Shift));
                }
            }
            TLanes.Store(word, ref buffers.Value(plane, to), 0);
        }
    }

    /// <summary>Stores eight rows.</summary>
    public void Store<TLanes, T>(MergeBuffers buffers, int from, GroupColumns columns, Span<byte> group, int to) where TLanes : struct, ILanes<T> where T : struct
    {
        var slot = (nuint)(to * RoomLayout.BucketsPerGroup);
        TLanes.Store(TLanes.Load(ref buffers.Word(from), 0), ref MemoryMarshal.GetReference(columns.Words(group)), slot);
        TLanes.Store(TLanes.Load(ref buffers.Value(Rest, from), 0), ref MemoryMarshal.GetReference(columns.Rests(group)), slot);
        for (var column = 0; column < places.Count; column++)
        {
            var (plane, shift, size) = places[column];
            TLanes.StoreCodes(TLanes.ShiftRight(TLanes.Load(ref buffers.Value(plane, from), 0), shift), ref MemoryMarshal.GetReference(columns.Codes(column, group)), slot, size);
        }
    }
}
