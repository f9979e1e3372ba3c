using Guardian.CleanRoom.Client.Normalisation;
using Guardian.CleanRoom.Client.Sorting;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Client.Tagging;

/// <summary>
/// Reads all identifiers of a row whose data set has several. An identifier that an earlier row has is left out, so that no two rows of an
/// upload share one; a row that has none left is of a person already there. Keeps 64 bits of each identifier in memory. Not thread-safe.
/// </summary>
internal sealed class SeveralIdentifiers
{
    /// <summary>The result of a row whose identifiers all occurred in earlier rows.</summary>
    public const int IsRepeated = -3;

    // 2^64 over the golden ratio: identifiers of two kinds that read alike give rows of different tags.
    private const ulong Spread = 0x9E37_79B9_7F4A_7C15;

    private readonly DataSet dataSet;
    private readonly byte[] matchKey;
    private readonly RowFormat format;
    private readonly HashSet<ulong>[] known;
    private readonly Tag?[] tags;
    private readonly char[] buffer = new char[RowIdentifier.BufferSize];
    private readonly List<RowIdentifier> readers = [];

    /// <param name="dataSet">The data set, from the contract.</param>
    /// <param name="matchKey">The room's match key, 32 bytes.</param>
    /// <param name="format">The format of rows with keys.</param>
    public SeveralIdentifiers(DataSet dataSet, byte[] matchKey, RowFormat format)
    {
        (this.dataSet, this.matchKey, this.format) = (dataSet, matchKey, format);
        known = [.. dataSet.Identifiers.Select(_ => new HashSet<ulong>())];
        tags = new Tag?[known.Length];
    }

    /// <summary>Identifiers that were left out because an earlier row has them.</summary>
    public int Shared { get; private set; }

    /// <summary>The tag of the current row: that of its first identifier, changed by the identifier's number.</summary>
    public Tag Tag { get; private set; }

    /// <summary>Begins a file.</summary>
    /// <param name="columns">The positions of the columns of all identifiers, one after the other.</param>
    /// <param name="cell">Reads cells of the current row.</param>
    public void Open(int[] columns, CellReader cell)
    {
        readers.Clear();
        foreach (var identifier in dataSet.Identifiers)
        {
            var count = identifier.Columns.Count;
            readers.Add(new RowIdentifier(identifier, columns[..count], cell));
            columns = columns[count..];
        }
    }

    /// <summary>Reads the identifiers of the current row.</summary>
    /// <returns>
    /// 1 when it has one; otherwise <see cref="IsRepeated"/>, or as <see cref="RowIdentifier.Read"/> says of the first that is not empty.
    /// </returns>
    public int Read()
    {
        var (result, isRepeated) = (0, false);
        for (var index = 0; index < readers.Count; index++)
        {
            tags[index] = null;
            var length = readers[index].Read(buffer);
            if (length > 0)
            {
                var tag = Identifiers.Tag(matchKey, dataSet.Identifiers[index].Kind, buffer.AsSpan(0, length));
                tags[index] = known[index].Add(tag.High) ? tag : null;
                (isRepeated, Shared) = tags[index] is null ? (true, Shared + 1) : (isRepeated, Shared);
            }
            else if (result == 0)
            {
                result = length;
            }
        }
        var first = Array.FindIndex(tags, tag => tag is not null);
        if (first < 0)
        {
            return isRepeated ? IsRepeated : result;
        }
        var (high, low) = (tags[first]!.Value.High, tags[first]!.Value.Low);
        Tag = Identifiers.ToTag(high ^ unchecked((ulong)first * Spread), low);
        return 1;
    }

    /// <summary>Writes the keys of the current row.</summary>
    public void WriteKeys(Span<byte> row)
    {
        for (var index = 0; index < tags.Length; index++)
        {
            var key = tags[index]?.High ?? 0;
            format.WriteCode(row, dataSet.Columns.Count + (2 * index), (uint)(key >> 32));
            format.WriteCode(row, dataSet.Columns.Count + (2 * index) + 1, (uint)(key & uint.MaxValue));
        }
    }
}
