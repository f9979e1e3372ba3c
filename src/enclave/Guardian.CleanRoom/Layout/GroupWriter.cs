using System.Buffers.Binary;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Layout;

/// <summary>Writes a group's plaintext in the format of <see cref="RoomLayout"/>. All slots of a new group are empty.</summary>
public sealed class GroupWriter
{
    private readonly RoomLayout layout;
    private readonly DataSet dataSet;
    private readonly UploadForm form;
    private readonly int capacity;
    private readonly byte[] plaintext;
    private int firstBucket;

    /// <summary>Makes a writer for the groups of a data set, one after the other.</summary>
    public GroupWriter(RoomLayout layout, DataSet dataSet, UploadForm form = UploadForm.Sorted)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(dataSet);
        (this.layout, this.dataSet, this.form) = (layout, dataSet, form);
        capacity = layout.Capacities[dataSet.Name];
        plaintext = new byte[layout.GroupSize(dataSet)];
        Begin(0);
    }

    private int Slots => capacity * RoomLayout.BucketsPerGroup;

    /// <summary>The group's bytes, valid until the next <see cref="Begin"/>.</summary>
    public ReadOnlyMemory<byte> Plaintext => plaintext;

    /// <summary>Begins a group.</summary>
    public void Begin(int group)
    {
        firstBucket = group * RoomLayout.BucketsPerGroup;
        plaintext.AsSpan(0, 16 * Slots).Fill(0xFF);
        plaintext.AsSpan(16 * Slots).Clear();
    }

    /// <summary>Writes a row.</summary>
    /// <param name="bucket">Bucket in the group, 0 to 7.</param>
    /// <param name="slot">Slot of the bucket; rows ascend by tag.</param>
    /// <param name="tag">The person's tag.</param>
    /// <param name="codes">One for each column.</param>
    public void Write(int bucket, int slot, Tag tag, ReadOnlySpan<uint> codes)
    {
        var index = (slot * RoomLayout.BucketsPerGroup) + bucket;
        var (word, rest) = form == UploadForm.Unsorted ? (tag.High, tag.Low) : layout.WordsOf(firstBucket + bucket, tag);
        BinaryPrimitives.WriteUInt64LittleEndian(plaintext.AsSpan(8 * index), word);
        BinaryPrimitives.WriteUInt64LittleEndian(plaintext.AsSpan(8 * (Slots + index)), rest);
        var start = 16 * Slots;
        for (var column = 0; column < codes.Length; column++)
        {
            var size = dataSet.Columns[column].CodeSize;
            var cell = plaintext.AsSpan(start + (size * index), size);
            switch (size)
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
            start += size * Slots;
        }
    }
}
