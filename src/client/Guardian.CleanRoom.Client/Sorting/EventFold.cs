using System.Buffers.Binary;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Sorting;

/// <summary>
/// Joins the events of one person: first those of one day, then the days. An event has its day and a number for each column. The result
/// does not depend on the order of the events. Not thread-safe.
/// </summary>
/// <remarks>After the tag, little-endian: <c>int32 day | int64 state[columns]</c>. The day is 0 unless a column counts days.</remarks>
internal sealed class EventFold(DataSet dataSet, RowFormat format) : IComparer<int>
{
    // The state of a column whose events disagree. 0 means no value; any other state is a code.
    private const long Different = -1;

    private const int DayOffset = RowFormat.TagSize;
    private const int StatesOffset = DayOffset + sizeof(int);

    private readonly FoldKind[] kinds = [.. dataSet.Columns.Select(column => column.Fold!.Kind)];
    private readonly long[] states = new long[dataSet.Columns.Count];
    private byte[] sorted = [];
    private Memory<byte> rows;

    /// <summary>Bytes of an event besides its tag.</summary>
    public static int ContentSize(DataSet dataSet) => sizeof(int) + (dataSet.Columns.Count * sizeof(long));

    /// <summary>The state of a column without events.</summary>
    public static long None(FoldKind kind) => kind switch { FoldKind.First => long.MaxValue, FoldKind.Last => long.MinValue, _ => 0 };

    public static void WriteDay(Span<byte> row, int day) =>
        BinaryPrimitives.WriteInt32LittleEndian(row[DayOffset..], day);

    public static void WriteState(Span<byte> row, int column, long state) =>
        BinaryPrimitives.WriteInt64LittleEndian(row[(StatesOffset + (column * sizeof(long)))..], state);

    /// <summary>Joins the events of each person and day in a block.</summary>
    /// <param name="block">The rows; those that remain move to its beginning.</param>
    /// <returns>The number of rows that remain.</returns>
    public int Compact(Memory<byte> block)
    {
        rows = block;
        var count = block.Length / format.RowSize;
        var (tags, order) = (new ulong[count], new int[count]);
        for (var i = 0; i < count; i++)
        {
            (tags[i], order[i]) = (RowFormat.ReadHigh(Row(i)), i);
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

    /// <summary>Turns all events of one person into codes.</summary>
    /// <param name="all">The rows.</param>
    /// <param name="run">Indices of the person's rows.</param>
    /// <param name="isCapped">Whether a value exceeded its column's bounds.</param>
    /// <returns>Index of the row that received the codes.</returns>
    public int FoldPerson(Memory<byte> all, Span<int> run, out bool isCapped)
    {
        rows = all;
        var days = JoinDays(run);
        for (var day = 1; day < days; day++)
        {
            JoinRows(run[0], run[day], isSameDay: false);
        }
        var row = Row(run[0]);
        for (var column = 0; column < states.Length; column++)
        {
            states[column] = ReadState(row, column);
        }
        isCapped = false;
        for (var column = 0; column < states.Length; column++)
        {
            format.WriteCode(row, column, ToCode(column, states[column], ref isCapped));
        }
        return run[0];
    }

    /// <inheritdoc/>
    public int Compare(int x, int y) => ReadDay(Row(x)).CompareTo(ReadDay(Row(y)));

    // Joins events of one day into the first of them, and moves the indices of the remaining rows to the front.
    private int JoinDays(Span<int> run)
    {
        if (run.Length > 1)
        {
            run.Sort(this);
        }
        var days = 1;
        for (var i = 1; i < run.Length; i++)
        {
            if (ReadDay(Row(run[i])) == ReadDay(Row(run[days - 1])))
            {
                JoinRows(run[days - 1], run[i], isSameDay: true);
            }
            else
            {
                run[days++] = run[i];
            }
        }
        return days;
    }

    private uint ToCode(int column, long state, ref bool isCapped)
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

    private void JoinRows(int into, int from, bool isSameDay)
    {
        for (var column = 0; column < kinds.Length; column++)
        {
            var (one, two) = (ReadState(Row(into), column), ReadState(Row(from), column));
            WriteState(Row(into), column, kinds[column] switch
            {
                FoldKind.First => Math.Min(one, two),
                FoldKind.Last => Math.Max(one, two),
                FoldKind.Any => one | two,
                FoldKind.Days when isSameDay => one | two,
                FoldKind.Same => one == two || two == 0 ? one : one == 0 ? two : Different,
                // No real sum reaches 2^63; a file that does is clamped, and causes no overflow.
                _ => (long)Int128.Clamp((Int128)one + two, long.MinValue, long.MaxValue),
            });
        }
    }

    private static int ReadDay(ReadOnlySpan<byte> row) => BinaryPrimitives.ReadInt32LittleEndian(row[DayOffset..]);

    private static long ReadState(ReadOnlySpan<byte> row, int column) =>
        BinaryPrimitives.ReadInt64LittleEndian(row[(StatesOffset + (column * sizeof(long)))..]);

    private Span<byte> Row(int index) => rows.Span.Slice(index * format.RowSize, format.RowSize);
}
