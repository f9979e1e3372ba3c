using System.Text;

namespace Guardian.CleanRoom.Client;

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

    // The rows that wait for the lanes to be full.
    private readonly int[] rows = new int[ShortHmac.Lanes];
    private readonly uint[] codes;
    private readonly int columnCount;
    private int count;

    public RowTagger(byte[] matchKey, IdentifierKind kind, RowFormat format, RowSpill spill)
    {
        (this.matchKey, this.kind, this.format, this.spill) = (matchKey, kind, format, spill);
        hmac = new ShortHmac(matchKey);
        labelSize = Identifiers.WriteLabel(kind, message);
        columnCount = format.ColumnCount;
        codes = new uint[ShortHmac.Lanes * columnCount];
    }

    /// <summary>Takes a row.</summary>
    /// <param name="row">Its number in the file, from 0.</param>
    public void Add(ReadOnlySpan<char> identifier, int row, ReadOnlySpan<uint> cells)
    {
        var size = labelSize + Encoding.UTF8.GetBytes(identifier, message.AsSpan(labelSize));
        if (size > ShortHmac.MaxSize)
        {
            Append(Identifiers.Tag(matchKey, kind, identifier), row, cells);
            return;
        }
        hmac.Set(count, message.AsSpan(0, size));
        rows[count] = row;
        cells.CopyTo(codes.AsSpan(count * columnCount));
        if (++count == ShortHmac.Lanes)
        {
            Complete();
        }
    }

    /// <summary>Appends the rows that wait.</summary>
    public void Complete()
    {
        hmac.Compute();
        for (var lane = 0; lane < count; lane++)
        {
            var (first, second) = hmac.Get(lane);
            Append(Identifiers.ToTag(first, second), rows[lane], codes.AsSpan(lane * columnCount, columnCount));
        }
        count = 0;
    }

    private void Append(Tag tag, int row, ReadOnlySpan<uint> cells) => format.Write(spill.Append(format.PartitionOf(tag)), tag, row, cells);
}
