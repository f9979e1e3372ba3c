using Guardian.CleanRoom.Client.Sorting;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Client.Tagging;

/// <summary>Tags rows, many at a time, and appends them to the partition of their tag. Not thread-safe.</summary>
internal sealed class RowTagger(byte[] matchKey, IdentifierKind kind, RowFormat format, RowSpill spill)
{
    private readonly TagLanes tags = new(matchKey, kind);

    // Rows without a tag; they wait until all lanes are full.
    private readonly byte[] waiting = new byte[TagLanes.Count * format.RowSize];
    private int count;
    private int appended;

    /// <summary>Adds a row without its tag.</summary>
    /// <param name="identifier">The normalised identifier, not empty.</param>
    /// <param name="row">The row; the tagger writes its tag.</param>
    public void Add(ReadOnlySpan<char> identifier, ReadOnlySpan<byte> row)
    {
        tags.Set(count, identifier);
        row.CopyTo(waiting.AsSpan(count * format.RowSize));
        if (++count == TagLanes.Count)
        {
            Complete();
        }
    }

    /// <summary>Appends a row that is tagged already.</summary>
    public void Add(Tag tag, ReadOnlySpan<byte> row)
    {
        var target = spill.Append(format.PartitionOf(tag, appended++));
        row.CopyTo(target);
        RowFormat.WriteTag(target, tag);
    }

    /// <summary>Tags and appends the rows that wait.</summary>
    public void Complete()
    {
        tags.Compute();
        for (var lane = 0; lane < count; lane++)
        {
            Add(tags.Read(lane)!.Value, waiting.AsSpan(lane * format.RowSize, format.RowSize));
        }
        count = 0;
    }
}
