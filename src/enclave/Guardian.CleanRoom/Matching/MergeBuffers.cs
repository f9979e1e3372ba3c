using System.Runtime.CompilerServices;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Matching;

/// <summary>The buffers in which one thread merges. A row is one element of each of the eight buckets.</summary>
internal sealed class MergeBuffers
{
    private const int RowSize = RoomLayout.BucketsPerGroup * sizeof(ulong);

    // Rows that are a power of two apart share a set of the first-level cache, and words and values together do not fit in one set.
    private const int Skew = 2048;

    private readonly AlignedBytes words;
    private readonly AlignedBytes values;

    /// <param name="planes">Words that move with each element.</param>
    public MergeBuffers(int rows, int planes)
    {
        Rows = rows;
        Planes = planes;
        words = new AlignedBytes(rows * RowSize);
        values = new AlignedBytes(rows * planes * RowSize, Skew);
    }

    public int Rows { get; }

    public int Planes { get; }

    /// <summary>The group in the buffers; public.</summary>
    public int Group { get; set; }

    /// <summary>The meaning of the lowest bits of the words.</summary>
    public Payload Payload { get; init; }

    /// <summary>Computes the bytes of buffers with a number of rows and planes.</summary>
    public static long SizeOf(int rows, int planes) => (long)rows * (1 + planes) * RowSize;

    public ref ulong Word(int row) => ref At(words, row);

    public ref ulong Value(int plane, int row) => ref At(values, (plane * Rows) + row);

    /// <summary>Empties a number of rows.</summary>
    public void Clear<TLanes, T>(int start, int rows) where TLanes : struct, ILanes<T> where T : struct
    {
        for (var row = start; row < start + rows; row++)
        {
            TLanes.Store(TLanes.All(Elements.Empty), ref Word(row), 0);
            for (var plane = 0; plane < Planes; plane++)
            {
                TLanes.Store(TLanes.All(0), ref Value(plane, row), 0);
            }
        }
    }

    /// <summary>Loads two neighbouring sides and merges them.</summary>
    public void MergePair<TLanes, T>(in GroupRows<TLanes, T> first, in GroupRows<TLanes, T> second, int start, int rowsPerSide)
        where TLanes : struct, ILanes<T> where T : struct =>
        MatchNetwork<TLanes, T>.Merge(first, second, ref Word(start), (nuint)(2 * rowsPerSide));

    /// <summary>Merges two neighbouring sides that are loaded, the second one back to front.</summary>
    public void MergePair<TLanes, T>(int start, int rowsPerSide) where TLanes : struct, ILanes<T> where T : struct =>
        Merge<TLanes, T>(start, 2 * rowsPerSide);

    /// <summary>Merges sorted runs of equal size pairwise until one run is left. The number of runs is a power of two.</summary>
    public void MergeRuns<TLanes, T>(int rowsPerRun) where TLanes : struct, ILanes<T> where T : struct
    {
        for (var size = 2 * rowsPerRun; size <= Rows; size *= 2)
        {
            for (var start = 0; start < Rows; start += size)
            {
                // Both ascend; the second must descend.
                Reverse<TLanes, T>(start + (size / 2), size / 2);
                Merge<TLanes, T>(start, size);
            }
        }
    }

    private void Merge<TLanes, T>(int start, int rows) where TLanes : struct, ILanes<T> where T : struct
    {
        switch (Planes)
        {
            case 0 when typeof(TLanes) == typeof(Lanes256):
                MatchNetwork<HalfWords>.Merge(ref Word(start), ref Word(start), (nuint)rows);
                break;
            case 1 when typeof(TLanes) == typeof(Lanes256):
                MatchNetwork<HalfWordsAndValues>.Merge(ref Word(start), ref Value(0, start), (nuint)rows);
                break;
            case 0:
                MatchNetwork<WordsAlone<TLanes, T>>.Merge(ref Word(start), ref Word(start), (nuint)rows);
                break;
            case 1:
                MatchNetwork<WordsAndValues<TLanes, T>>.Merge(ref Word(start), ref Value(0, start), (nuint)rows);
                break;
            default:
                MatchNetwork<TLanes, T>.Merge(
                    ref Word(start), ref Value(0, start), Planes, Rows * RoomLayout.BucketsPerGroup, (nuint)rows);
                break;
        }
    }

    private void Reverse<TLanes, T>(int start, int rows) where TLanes : struct, ILanes<T> where T : struct
    {
        for (var (one, two) = (start, start + rows - 1); one < two; one++, two--)
        {
            Swap<TLanes, T>(ref Word(one), ref Word(two));
            for (var plane = 0; plane < Planes; plane++)
            {
                Swap<TLanes, T>(ref Value(plane, one), ref Value(plane, two));
            }
        }
    }

    private static void Swap<TLanes, T>(ref ulong one, ref ulong two) where TLanes : struct, ILanes<T> where T : struct
    {
        var (first, second) = (TLanes.Load(ref one, 0), TLanes.Load(ref two, 0));
        TLanes.Store(second, ref one, 0);
        TLanes.Store(first, ref two, 0);
    }

    private static ref ulong At(AlignedBytes words, int row) =>
        ref Unsafe.Add(ref words.FirstWord, (nint)row * RoomLayout.BucketsPerGroup);
}
