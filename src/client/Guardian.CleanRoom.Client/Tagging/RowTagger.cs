using System.Text;
using Guardian.CleanRoom.Client.Sorting;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Client.Tagging;

/// <summary>Tags rows, many at a time, and appends them to the partition of their tag. Not thread-safe.</summary>
internal sealed class RowTagger
{
    private const int LargestIdentifierSize = 4 * Identifiers.MaxSize;

    private readonly byte[] matchKey;
    private readonly IdentifierKind kind;
    private readonly RowFormat format;
    private readonly RowSpill spill;
    private readonly ShortHmac hmac;
    private readonly byte[] message = new byte[16 + LargestIdentifierSize];
    private readonly int labelSize;

    // Rows without a tag; they wait until all lanes are full.
    private readonly byte[] waiting;
    private int count;
    private int appended;

    public RowTagger(byte[] matchKey, IdentifierKind kind, RowFormat format, RowSpill spill)
    {
        (this.matchKey, this.kind, this.format, this.spill) = (matchKey, kind, format, spill);
        hmac = new ShortHmac(matchKey);
        labelSize = Identifiers.WriteLabel(kind, message);
        waiting = new byte[ShortHmac.Lanes * format.RowSize];
    }

    /// <summary>Adds a row without its tag.</summary>
    /// <param name="identifier">The normalised identifier.</param>
    /// <param name="row">The row; the tagger writes its tag.</param>
    public void Add(ReadOnlySpan<char> identifier, ReadOnlySpan<byte> row)
    {
        var size = labelSize + Encoding.UTF8.GetBytes(identifier, message.AsSpan(labelSize));
        if (size > ShortHmac.MaxSize)
        {
            Append(Identifiers.Tag(matchKey, kind, identifier), row);
            return;
        }
        hmac.SetMessage(count, message.AsSpan(0, size));
        row.CopyTo(waiting.AsSpan(count * format.RowSize));
        if (++count == ShortHmac.Lanes)
        {
            Complete();
        }
    }

    /// <summary>Appends a row that is tagged already.</summary>
    public void Add(Tag tag, ReadOnlySpan<byte> row) => Append(tag, row);

    /// <summary>Tags and appends the rows that wait.</summary>
    public void Complete()
    {
        hmac.Compute();
        for (var lane = 0; lane < count; lane++)
        {
            var (first, second) = hmac.ReadResult(lane);
            Append(Identifiers.ToTag(first, second), waiting.AsSpan(lane * format.RowSize, format.RowSize));
        }
        count = 0;
    }

    private void Append(Tag tag, ReadOnlySpan<byte> row)
    {
        var target = spill.Append(format.PartitionOf(tag, appended++));
        row.CopyTo(target);
        RowFormat.WriteTag(target, tag);
    }
}
