using Guardian.CleanRoom.Client.Reasons;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client.Sorting;

/// <summary>A partition, sorted by tag or in the order of the file, that writes its groups. Not thread-safe.</summary>
internal sealed class SortedPartition(RoomLayout layout, DataSet dataSet, RowFormat format, RowSpill spill, UploadForm form)
{
    private readonly GroupWriter writer = new(layout, dataSet, form);
    private readonly uint[] codes = new uint[format.ColumnCount];
    private readonly int capacity = layout.Capacities[dataSet.Name];
    private readonly EventFold? fold = dataSet.Events is null ? null : new EventFold(dataSet, format);
    private byte[] rows = [];
    private ulong[] tags = [];
    private int[] order = [];
    private int partition = -1;

    /// <summary>The number of persons.</summary>
    public int Count { get; private set; }

    /// <summary>The number of rows whose person has an earlier row.</summary>
    public int Duplicates { get; private set; }

    /// <summary>The number of persons of whom a value made from events exceeded its column's bounds.</summary>
    public int Capped { get; private set; }

    /// <summary>Loads and sorts a partition, unless it is loaded already.</summary>
    /// <exception cref="RefusedException">The partition is too large for an array.</exception>
    public void Load(int wanted)
    {
        if (partition == wanted)
        {
            return;
        }
        var count = spill.CountRows(wanted);
        if ((long)count * format.RowSize > Array.MaxLength)
        {
            throw RoomClientReasons.RefuseData(
                $"more than {Array.MaxLength / format.RowSize} rows are about too few persons; split the file by time, "
                + "or join the events of each person and day before");
        }
        if (tags.Length < count)
        {
            (rows, tags, order) = (new byte[(long)count * format.RowSize], new ulong[count], new int[count]);
        }
        spill.Read(wanted, rows.AsSpan(0, count * format.RowSize));
        partition = wanted;
        if (form == UploadForm.Unsorted)
        {
            Count = count;
            return;
        }
        for (var i = 0; i < count; i++)
        {
            (tags[i], order[i]) = (RowFormat.ReadHigh(Row(i)), i);
        }
        Array.Sort(tags, order, 0, count);
        if (fold is null)
        {
            DropDuplicates(count);
        }
        else
        {
            FoldPersons(fold, count);
        }
    }

    /// <summary>Writes a group of this partition; valid until the next call.</summary>
    /// <exception cref="RefusedException">A bucket has more rows than slots.</exception>
    public ReadOnlyMemory<byte> WriteGroup(int group)
    {
        writer.Begin(group);
        if (form == UploadForm.Unsorted)
        {
            WriteUnsorted(group);
            return writer.Plaintext;
        }
        var firstBucket = group * RoomLayout.BucketsPerGroup;
        var at = Array.BinarySearch(tags, 0, Count, layout.FirstOf(firstBucket));
        at = at < 0 ? ~at : at;
        for (var bucket = 0; bucket < RoomLayout.BucketsPerGroup; bucket++)
        {
            var last = layout.LastOf(firstBucket + bucket);
            for (var slot = 0; at < Count && tags[at] <= last; slot++, at++)
            {
                if (slot == capacity)
                {
                    // The probability is below one in a billion. Another room has another match key, and other buckets.
                    throw RoomClientReasons.RefuseData(
                        "more persons fell into one bucket than it can hold; have the members sign the contract with a larger "
                        + "'max_rows', which gives other buckets");
                }
                WriteRow(bucket, slot, Row(order[at]));
            }
        }
        return writer.Plaintext;
    }

    // Fills each chunk with as many rows as it may have, in the order of the file.
    private void WriteUnsorted(int group)
    {
        var slots = layout.UnsortedSlots(dataSet);
        var first = (group - (partition * format.GroupsPerPartition)) * slots;
        for (var slot = 0; slot < slots && first + slot < Count; slot++)
        {
            WriteRow(slot % RoomLayout.BucketsPerGroup, slot / RoomLayout.BucketsPerGroup, Row(first + slot));
        }
    }

    private void WriteRow(int bucket, int slot, ReadOnlySpan<byte> row)
    {
        format.ReadCodes(row, codes);
        writer.Write(bucket, slot, new Tag(RowFormat.ReadHigh(row), RowFormat.ReadLow(row)), codes);
    }

    private ReadOnlySpan<byte> Row(int index) => rows.AsSpan(index * format.RowSize, format.RowSize);

    private void FoldPersons(EventFold events, int count)
    {
        var (kept, capped) = (0, 0);
        for (int start = 0, end; start < count; start = end)
        {
            for (end = start + 1; end < count && layout.AreOnePerson(tags[start], tags[end]); end++)
            {
            }
            order[kept] = events.FoldPerson(rows, order.AsSpan(start, end - start), out var isCapped);
            tags[kept++] = tags[start];
            capped += isCapped ? 1 : 0;
        }
        (Count, Duplicates, Capped) = (kept, 0, capped);
    }

    // Tags of one person are neighbours now. The row that comes first in the file counts.
    private void DropDuplicates(int count)
    {
        var kept = 0;
        for (var i = 0; i < count; i++)
        {
            if (kept == 0 || !layout.AreOnePerson(tags[kept - 1], tags[i]))
            {
                (tags[kept], order[kept]) = (tags[i], order[i]);
                kept++;
            }
            else if (RowFormat.ReadNumber(Row(order[i])) < RowFormat.ReadNumber(Row(order[kept - 1])))
            {
                order[kept - 1] = order[i];
            }
        }
        (Count, Duplicates) = (kept, count - kept);
    }
}
