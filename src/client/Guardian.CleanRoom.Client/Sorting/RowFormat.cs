using System.Buffers.Binary;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Client.Sorting;

/// <summary>The format of a tagged row until it is sorted. Each partition holds whole groups.</summary>
/// <remarks>Little-endian: <c>uint64 high | uint64 low</c> of the tag, then of a person <c>int32 row number | codes</c>, the codes as a
/// group stores them, or of an event the format of <see cref="EventFold"/>.</remarks>
internal sealed class RowFormat
{
    /// <summary>Bytes of the tag, with which a row begins.</summary>
    public const int TagSize = 16;

    // A partition of a hundred million rows takes a few tens of MiB, and so does one block of each partition.
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

    /// <summary>Finds the partition of a row.</summary>
    /// <param name="tag">The row's tag.</param>
    /// <param name="before">The number of rows before it; it decides in an unsorted upload.</param>
    public int PartitionOf(Tag tag, int before)
    {
        var group = form == UploadForm.Unsorted
            ? before / layout.UnsortedSlots(dataSet)
            : layout.BucketOf(tag.High) / RoomLayout.BucketsPerGroup;
        return group / GroupsPerPartition;
    }

    public static void WriteTag(Span<byte> row, Tag tag)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(row, tag.High);
        BinaryPrimitives.WriteUInt64LittleEndian(row[8..], tag.Low);
    }

    public static ulong ReadHigh(ReadOnlySpan<byte> row) => BinaryPrimitives.ReadUInt64LittleEndian(row);

    public static ulong ReadLow(ReadOnlySpan<byte> row) => BinaryPrimitives.ReadUInt64LittleEndian(row[8..]);

    /// <summary>Writes the number of a person's row in the file.</summary>
    public static void WriteNumber(Span<byte> row, int number) =>
        BinaryPrimitives.WriteInt32LittleEndian(row[TagSize..], number);

    public static int ReadNumber(ReadOnlySpan<byte> row) => BinaryPrimitives.ReadInt32LittleEndian(row[TagSize..]);

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

    /// <summary>Reads the codes of a row, widened.</summary>
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
