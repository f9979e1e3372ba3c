using System.Buffers.Binary;

namespace Guardian.CleanRoom.Client;

/// <summary>How a tagged row is kept until it is sorted: high and low word, number of the row, codes as they are stored. Partitions hold whole groups.</summary>
internal sealed class RowFormat
{
    // So many that one of a hundred million rows is sorted in a few tens of MiB, so few that a block of each fits in as much.
    private const int MaxPartitions = 512;

    private const int CodesOffset = 20;

    private readonly RoomLayout layout;
    private readonly DataSet dataSet;
    private readonly int[] offsets;

    public RowFormat(RoomLayout layout, DataSet dataSet)
    {
        this.layout = layout;
        this.dataSet = dataSet;
        GroupsPerPartition = (layout.GroupCount + MaxPartitions - 1) / MaxPartitions;
        offsets = new int[dataSet.Columns.Count];
        RowSize = CodesOffset;
        for (var column = 0; column < offsets.Length; column++)
        {
            offsets[column] = RowSize;
            RowSize += dataSet.Columns[column].CodeSize;
        }
    }

    public int ColumnCount => offsets.Length;

    public int RowSize { get; }

    public int GroupsPerPartition { get; }

    public int PartitionCount => (layout.GroupCount + GroupsPerPartition - 1) / GroupsPerPartition;

    public int PartitionOf(Tag tag) => layout.BucketOf(tag.High) / RoomLayout.BucketsPerGroup / GroupsPerPartition;

    public void Write(Span<byte> target, Tag tag, int row, ReadOnlySpan<uint> codes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, tag.High);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], tag.Low);
        BinaryPrimitives.WriteInt32LittleEndian(target[16..], row);
        for (var column = 0; column < offsets.Length; column++)
        {
            var cell = target[offsets[column]..];
            switch (dataSet.Columns[column].CodeSize)
            {
                case 1:
                    cell[0] = (byte)codes[column];
                    break;
                case 2:
                    BinaryPrimitives.WriteUInt16LittleEndian(cell, (ushort)codes[column]);
                    break;
                default:
                    BinaryPrimitives.WriteUInt32LittleEndian(cell, codes[column]);
                    break;
            }
        }
    }

    public static ulong High(ReadOnlySpan<byte> row) => BinaryPrimitives.ReadUInt64LittleEndian(row);

    public static ulong Low(ReadOnlySpan<byte> row) => BinaryPrimitives.ReadUInt64LittleEndian(row[8..]);

    public static int Number(ReadOnlySpan<byte> row) => BinaryPrimitives.ReadInt32LittleEndian(row[16..]);

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
