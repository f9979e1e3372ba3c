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
    // 2^64 over the golden ratio: identifiers of two kinds that read alike give rows of different tags.
    private const ulong Spread = 0x9E37_79B9_7F4A_7C15;

    private readonly DataSet dataSet;
    private readonly RowFormat format;
    private readonly RowTagger target;
    private readonly HashSet<ulong>[] known;
    private readonly TagLanes[] lanes;
    private readonly Tag?[] tags;
    private readonly char[] buffer = new char[RowIdentifier.BufferSize];
    private readonly List<RowIdentifier> readers = [];

    // Rows whose identifiers are in the lanes.
    private readonly byte[] waiting;
    private int count;

    /// <param name="dataSet">The data set, from the contract.</param>
    /// <param name="matchKey">The room's match key, 32 bytes.</param>
    /// <param name="format">The format of rows with keys.</param>
    /// <param name="target">Receives the rows.</param>
    public SeveralIdentifiers(DataSet dataSet, byte[] matchKey, RowFormat format, RowTagger target)
    {
        (this.dataSet, this.format, this.target) = (dataSet, format, target);
        known = [.. dataSet.Identifiers.Select(_ => new HashSet<ulong>())];
        lanes = [.. dataSet.Identifiers.Select(identifier => new TagLanes(matchKey, identifier.Kind))];
        tags = new Tag?[known.Length];
        waiting = new byte[TagLanes.Count * format.RowSize];
    }

    /// <summary>Identifiers that were left out because an earlier row has them.</summary>
    public int Shared { get; private set; }

    /// <summary>Rows that were left out because earlier rows have all their identifiers.</summary>
    public int Repeated { get; private set; }

    /// <summary>Rows that were added and not left out.</summary>
    public int Kept { get; private set; }

    /// <summary>Whether an identifier of the current row is a hash although the contract says clear text.</summary>
    public bool LooksHashed => readers.Exists(reader => reader.LooksHashed);

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
    /// <returns>1 when it has one; otherwise as <see cref="RowIdentifier.Read"/> says of the first that is not empty.</returns>
    public int Read()
    {
        var (result, hasOne) = (0, false);
        for (var index = 0; index < readers.Count; index++)
        {
            var length = readers[index].Read(buffer);
            lanes[index].Set(count, buffer.AsSpan(0, Math.Max(length, 0)));
            hasOne |= length > 0;
            result = result == 0 ? length : result;
        }
        return hasOne ? 1 : result;
    }

    /// <summary>Adds the row whose identifiers were read last.</summary>
    /// <param name="row">The row without its tag and keys.</param>
    public void Add(ReadOnlySpan<byte> row)
    {
        row.CopyTo(waiting.AsSpan(count * format.RowSize));
        if (++count == TagLanes.Count)
        {
            Complete();
        }
    }

    /// <summary>Tags the rows that wait, and passes them on.</summary>
    public void Complete()
    {
        foreach (var each in lanes)
        {
            each.Compute();
        }
        for (var lane = 0; lane < count; lane++)
        {
            PassOn(lane, waiting.AsSpan(lane * format.RowSize, format.RowSize));
        }
        count = 0;
    }

    private void PassOn(int lane, Span<byte> row)
    {
        for (var index = 0; index < tags.Length; index++)
        {
            tags[index] = lanes[index].Read(lane);
            if (tags[index] is { } tag && !known[index].Add(tag.High))
            {
                tags[index] = null;
                Shared++;
            }
        }
        var first = Array.FindIndex(tags, tag => tag is not null);
        if (first < 0)
        {
            Repeated++;
            return;
        }
        Kept++;
        WriteKeys(row);
        var (high, low) = (tags[first]!.Value.High, tags[first]!.Value.Low);
        target.Add(Identifiers.ToTag(high ^ unchecked((ulong)first * Spread), low), row);
    }

    private void WriteKeys(Span<byte> row)
    {
        for (var index = 0; index < tags.Length; index++)
        {
            var key = tags[index]?.High ?? 0;
            format.WriteCode(row, dataSet.Columns.Count + (2 * index), (uint)(key >> 32));
            format.WriteCode(row, dataSet.Columns.Count + (2 * index) + 1, (uint)(key & uint.MaxValue));
        }
    }
}
