using System.Buffers.Binary;
using Guardian.CleanRoom.Client.Sorting;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Events;

/// <summary>
/// Joins events of one person: first those of one day, then the days. What is kept of an event is its day and a number for each column; joining gives the same whatever
/// the order. Not thread-safe.
/// </summary>
/// <remarks>After the tag, little-endian: <c>int32 day | int64 state[columns]</c>. The day is 0 unless a column counts days.</remarks>
internal sealed class EventFold(DataSet dataSet, RowFormat format) : IComparer<int>
{
    // State of a column whose events differ; 0 is none, and the others are codes.
    private const long Different = -1;

    private const int DayOffset = RowFormat.TagSize;
    private const int StatesOffset = DayOffset + sizeof(int);

    private readonly FoldKind[] kinds = [.. dataSet.Columns.Select(column => column.Fold!.Kind)];
    private readonly long[] states = new long[dataSet.Columns.Count];
    private byte[] sorted = [];
    private Memory<byte> rows;

    /// <summary>Bytes kept of an event besides its tag.</summary>
    public static int ContentSize(DataSet dataSet) => sizeof(int) + (dataSet.Columns.Count * sizeof(long));

    /// <summary>What a column has of no event.</summary>
    public static long None(FoldKind kind) => kind switch { FoldKind.First => long.MaxValue, FoldKind.Last => long.MinValue, _ => 0 };

    public static void WriteDay(Span<byte> row, int day) => BinaryPrimitives.WriteInt32LittleEndian(row[DayOffset..], day);

    public static void WriteState(Span<byte> row, int column, long state) => BinaryPrimitives.WriteInt64LittleEndian(row[(StatesOffset + (column * sizeof(long)))..], state);

    /// <summary>Joins events of the same person and day among some rows.</summary>
    /// <returns>Rows that are left, at the beginning.</returns>
    public int Compact(Memory<byte> block)
    {
        rows = block;
        var count = block.Length / format.RowSize;
        var (tags, order) = (new ulong[count], new int[count]);
        for (var i = 0; i < count; i++)
        {
            (tags[i], order[i]) = (RowFormat.High(Row(i)), i);
        }
        Array.Sort(tags, order);
        var kept = 0;
        for (int start = 0, end; start < count; start = end)
        {
            for (end = start + 1; end < count && tags[end] == tags[start]; end++)
            {
            }
            var days = JoinDays(order.AsSpan(start, end - start));
            order.AsSpan(start, days).CopyTo(order.AsSpan(kept));
            kept += days;
        }
        sorted = sorted.Length < block.Length ? new byte[block.Length] : sorted;
        for (var i = 0; i < kept; i++)
        {
            Row(order[i]).CopyTo(sorted.AsSpan(i * format.RowSize));
        }
        sorted.AsSpan(0, kept * format.RowSize).CopyTo(block.Span);
        return kept;
    }

    /// <summary>Makes all events of one person into codes, which take the place of the first one's.</summary>
    /// <param name="all">Rows.</param>
    /// <param name="run">Indices of the person's.</param>
    /// <param name="isCapped">Whether a value was beyond its column's bounds.</param>
    /// <returns>Index of the row with the codes.</returns>
    public int Fold(Memory<byte> all, Span<int> run, out bool isCapped)
    {
        rows = all;
        var days = JoinDays(run);
        for (var day = 1; day < days; day++)
        {
            Join(run[0], run[day], isSameDay: false);
        }
        var row = Row(run[0]);
        for (var column = 0; column < states.Length; column++)
        {
            states[column] = State(row, column);
        }
        isCapped = false;
        for (var column = 0; column < states.Length; column++)
        {
            format.WriteCode(row, column, Code(column, states[column], ref isCapped));
        }
        return run[0];
    }

    /// <inheritdoc/>
    public int Compare(int x, int y) => Day(Row(x)).CompareTo(Day(Row(y)));

    // Joins events of the same day into the first of them, and moves the indices of what is left to the front.
    private int JoinDays(Span<int> run)
    {
        if (run.Length > 1)
        {
            run.Sort(this);
        }
        var days = 1;
        for (var i = 1; i < run.Length; i++)
        {
            if (Day(Row(run[i])) == Day(Row(run[days - 1])))
            {
                Join(run[days - 1], run[i], isSameDay: true);
            }
            else
            {
                run[days++] = run[i];
            }
        }
        return days;
    }

    private uint Code(int column, long state, ref bool isCapped)
    {
        if (kinds[column] == FoldKind.Same)
        {
            return (uint)Math.Max(state, 0);
        }
        if (kinds[column] is FoldKind.First or FoldKind.Last && state == None(kinds[column]))
        {
            return 0;
        }
        var about = dataSet.Columns[column];
        var value = Math.Clamp(state, about.Minimum, about.Maximum);
        isCapped |= value != state;
        return (uint)(value - about.Minimum + 1);
    }

    private void Join(int into, int from, bool isSameDay)
    {
        for (var column = 0; column < kinds.Length; column++)
        {
            var (one, two) = (State(Row(into), column), State(Row(from), column));
            WriteState(Row(into), column, kinds[column] switch
            {
                FoldKind.First => Math.Min(one, two),
                FoldKind.Last => Math.Max(one, two),
                FoldKind.Any => one | two,
                FoldKind.Days when isSameDay => one | two,
                FoldKind.Same => one == two || two == 0 ? one : one == 0 ? two : Different,
                // Nobody buys for 2^63; who writes such a file is not told by an overflow.
                _ => (long)Int128.Clamp((Int128)one + two, long.MinValue, long.MaxValue),
            });
        }
    }

    private static int Day(ReadOnlySpan<byte> row) => BinaryPrimitives.ReadInt32LittleEndian(row[DayOffset..]);

    private static long State(ReadOnlySpan<byte> row, int column) => BinaryPrimitives.ReadInt64LittleEndian(row[(StatesOffset + (column * sizeof(long)))..]);

    private Span<byte> Row(int index) => rows.Span.Slice(index * format.RowSize, format.RowSize);
}
