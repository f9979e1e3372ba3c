using System.Buffers.Binary;
using Guardian.CleanRoom.Client.Events;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;

namespace Guardian.CleanRoom.Client.Sorting;

/// <summary>
/// How a tagged row is kept until it is sorted: high and low word, then what its reader keeps of it. Of a person's row that is its number in the file and the codes as they are
/// stored; of an event, what <see cref="EventFold"/> says. Partitions hold whole groups.
/// </summary>
internal sealed class RowFormat
{
    /// <summary>Bytes of the tag, which come first.</summary>
    public const int TagSize = 16;

    // So many that one of a hundred million rows is sorted in a few tens of MiB, so few that a block of each fits in as much.
    private const int MaxPartitions = 512;

    private const int CodesOffset = TagSize + sizeof(int);

    private readonly RoomLayout layout;
    private readonly DataSet dataSet;
    private readonly UploadForm form;
    private readonly int[] offsets;

    public RowFormat(RoomLayout layout, DataSet dataSet, UploadForm form = UploadForm.Sorted)
    {
        this.layout = layout;
        this.dataSet = dataSet;
        this.form = form;
        GroupsPerPartition = (layout.GroupCount + MaxPartitions - 1) / MaxPartitions;
        offsets = new int[dataSet.Columns.Count];
        var size = CodesOffset;
        for (var column = 0; column < offsets.Length; column++)
        {
            offsets[column] = size;
            size += dataSet.Columns[column].CodeSize;
        }
        RowSize = dataSet.Events is null ? size : TagSize + EventFold.ContentSize(dataSet);
    }

    public int ColumnCount => offsets.Length;

    public int RowSize { get; }

    public int GroupsPerPartition { get; }

    public int PartitionCount => (layout.GroupCount + GroupsPerPartition - 1) / GroupsPerPartition;

    /// <summary>The partition of a row: by its tag; in an upload in any order, by how many came before it.</summary>
    public int PartitionOf(Tag tag, int before) =>
        (form == UploadForm.Unsorted ? before / layout.UnsortedSlots(dataSet) : layout.BucketOf(tag.High) / RoomLayout.BucketsPerGroup) / GroupsPerPartition;

    public static void WriteTag(Span<byte> row, Tag tag)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(row, tag.High);
        BinaryPrimitives.WriteUInt64LittleEndian(row[8..], tag.Low);
    }

    public static ulong High(ReadOnlySpan<byte> row) => BinaryPrimitives.ReadUInt64LittleEndian(row);

    public static ulong Low(ReadOnlySpan<byte> row) => BinaryPrimitives.ReadUInt64LittleEndian(row[8..]);

    public static void WriteNumber(Span<byte> row, int number) => BinaryPrimitives.WriteInt32LittleEndian(row[TagSize..], number);

    public static int Number(ReadOnlySpan<byte> row) => BinaryPrimitives.ReadInt32LittleEndian(row[TagSize..]);

    /// <summary>Writes a code of a row.</summary>
    public void WriteCode(Span<byte> row, int column, uint code)
    {
        var cell = row[offsets[column]..];
        switch (dataSet.Columns[column].CodeSize)
        {
            case 1:
                cell[0] = (byte)code;
                break;
            case 2:
                BinaryPrimitives.WriteUInt16LittleEndian(cell, (ushort)code);
                break;
            default:
                BinaryPrimitives.WriteUInt32LittleEndian(cell, code);
                break;
        }
    }

    /// <summary>Codes of a row, widened.</summary>
    public void ReadCodes(ReadOnlySpan<byte> row, Span<uint> codes)
    {
        for (var column = 0; column < offsets.Length; column++)
        {
            var cell = row[offsets[column]..];
            codes[column] = dataSet.Columns[column].CodeSize switch
            {
                1 => cell[0],
                2 => BinaryPrimitives.ReadUInt16LittleEndian(cell),
                _ => BinaryPrimitives.ReadUInt32LittleEndian(cell),
            };
        }
    }
}
