using System.Runtime.InteropServices;

namespace Guardian.CleanRoom;

/// <summary>Where the codes of a data set stand in words that travel with a row, and how eight rows at a time come from a group and go back into one.</summary>
internal sealed class CodePlanes
{
    private const int WordBits = 64;

    private readonly List<(int Plane, int Shift, int Size)> places = [];

    public CodePlanes(DataSet dataSet)
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

    /// <summary>Words of a row's codes.</summary>
    public int Count { get; }

    /// <summary>Loads eight rows: tags and codes.</summary>
    /// <param name="from">Which eight of the group.</param>
    /// <param name="to">Row of the buffers.</param>
    public void Load<TLanes, T>(GroupColumns columns, ReadOnlySpan<byte> group, int from, MergeBuffers buffers, int to) where TLanes : struct, ILanes<T> where T : struct
    {
        var slot = (nuint)(from * RoomLayout.BucketsPerGroup);
        TLanes.Store(TLanes.Load(ref MemoryMarshal.GetReference(columns.High(group)), slot), ref buffers.High(to), 0);
        TLanes.Store(TLanes.Load(ref MemoryMarshal.GetReference(columns.Low(group)), slot), ref buffers.Low(to), 0);
        for (var plane = 0; plane < Count; plane++)
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
        TLanes.Store(TLanes.Load(ref buffers.High(from), 0), ref MemoryMarshal.GetReference(columns.High(group)), slot);
        TLanes.Store(TLanes.Load(ref buffers.Low(from), 0), ref MemoryMarshal.GetReference(columns.Low(group)), slot);
        for (var column = 0; column < places.Count; column++)
        {
            var (plane, shift, size) = places[column];
            TLanes.StoreCodes(TLanes.ShiftRight(TLanes.Load(ref buffers.Value(plane, from), 0), shift), ref MemoryMarshal.GetReference(columns.Codes(column, group)), slot, size);
        }
    }
}
