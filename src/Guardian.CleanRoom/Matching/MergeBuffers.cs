using System.Runtime.CompilerServices;

namespace Guardian.CleanRoom;

/// <summary>What one thread merges in: a row is one element of each of the eight buckets.</summary>
internal sealed class MergeBuffers
{
    private const int RowSize = RoomLayout.BucketsPerGroup * sizeof(ulong);

    private readonly AlignedBytes high;
    private readonly AlignedBytes low;
    private readonly AlignedBytes values;

    /// <param name="planes">Words that travel with each element.</param>
    public MergeBuffers(int rows, int planes)
    {
        Rows = rows;
        Planes = planes;
        (high, low, values) = (new AlignedBytes(rows * RowSize), new AlignedBytes(rows * RowSize), new AlignedBytes(rows * planes * RowSize));
    }

    public int Rows { get; }

    public int Planes { get; }

    /// <summary>Bytes of the buffers for a number of rows and planes.</summary>
    public static long SizeOf(int rows, int planes) => (long)rows * (2 + planes) * RowSize;

    public ref ulong High(int row) => ref At(high, row);

    public ref ulong Low(int row) => ref At(low, row);

    public ref ulong Value(int plane, int row) => ref At(values, (plane * Rows) + row);

    /// <summary>All words that travel along from a row on; nothing to use when there are none.</summary>
    private ref ulong Values(int row) => ref (Planes == 0 ? ref values.FirstWord : ref Value(0, row));

    /// <summary>Empties all rows from one on.</summary>
    public void ClearFrom<TLanes, T>(int start) where TLanes : struct, ILanes<T> where T : struct
    {
        for (var row = start; row < Rows; row++)
        {
            TLanes.Store(TLanes.All(Elements.Empty), ref High(row), 0);
            TLanes.Store(TLanes.All(Elements.Empty), ref Low(row), 0);
            for (var plane = 0; plane < Planes; plane++)
            {
                TLanes.Store(TLanes.All(0), ref Value(plane, row), 0);
            }
        }
    }

    /// <summary>Merges sorted places of equal size, a power of two of them, by twos until one run is left.</summary>
    public void MergePlaces<TLanes, T>(int rowsPerPlace) where TLanes : struct, ILanes<T> where T : struct
    {
        var plane = Rows * RoomLayout.BucketsPerGroup;
        for (var size = 2 * rowsPerPlace; size <= Rows; size *= 2)
        {
            for (var start = 0; start < Rows; start += size)
            {
                MatchNetwork<TLanes, T>.Merge(ref High(start), ref Low(start), ref Values(start), Planes, plane, size);
            }
        }
    }

    private static ref ulong At(AlignedBytes words, int row) => ref Unsafe.Add(ref words.FirstWord, (nint)row * RoomLayout.BucketsPerGroup);
}
