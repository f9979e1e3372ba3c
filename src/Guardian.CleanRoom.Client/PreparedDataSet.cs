namespace Guardian.CleanRoom.Client;

/// <summary>What became of a file's rows.</summary>
/// <param name="Rows">Rows read.</param>
/// <param name="Persons">Rows kept: one for each person.</param>
/// <param name="Empty">Rows without an identifier, left out.</param>
/// <param name="Invalid">Rows whose identifier is none of its kind, left out.</param>
/// <param name="Duplicates">Rows of a person who stands further up, left out.</param>
/// <param name="IgnoredColumns">Columns that the contract does not name; they never leave.</param>
public sealed record PreparationReport(int Rows, int Persons, int Empty, int Invalid, int Duplicates, IReadOnlyList<string> IgnoredColumns);

/// <summary>
/// A data set, tagged, sorted and ready to be written group by group. The same file gives the same groups every time, so that an upload can go
/// on where it stopped. Not thread-safe.
/// </summary>
public sealed class PreparedDataSet
{
    private readonly RoomLayout layout;
    private readonly GroupWriter writer;
    private readonly Tag[] tags;
    private readonly int[] rows;
    private readonly uint[] codes;
    private readonly int columnCount;

    // Where each bucket begins among the sorted tags; one more at the end.
    private readonly int[] starts;

    /// <param name="tags">In ascending order, without duplicates.</param>
    /// <param name="rows">For each tag, its row among <paramref name="codes"/>.</param>
    /// <param name="codes">Codes row by row.</param>
    /// <exception cref="PreparationException">A bucket has more rows than slots.</exception>
    internal PreparedDataSet(RoomLayout layout, DataSet dataSet, Tag[] tags, int[] rows, uint[] codes, PreparationReport report)
    {
        this.layout = layout;
        this.tags = tags;
        this.rows = rows;
        this.codes = codes;
        columnCount = dataSet.Columns.Count;
        writer = new GroupWriter(layout, dataSet);
        Report = report;
        starts = FindStarts(layout.Capacities[dataSet.Name]);
        var digest = new VersionDigest(layout.GroupCount);
        for (var group = 0; group < layout.GroupCount; group++)
        {
            digest.Add(group, WriteGroup(group).Span);
        }
        Digest = digest.Complete();
    }

    /// <summary>What became of the file's rows.</summary>
    public PreparationReport Report { get; }

    /// <summary>Names this version.</summary>
    public ReadOnlyMemory<byte> Digest { get; }

    /// <summary>Groups there are, whatever the number of rows.</summary>
    public int GroupCount => layout.GroupCount;

    /// <summary>Writes a group's plaintext; valid until the next call.</summary>
    public ReadOnlyMemory<byte> WriteGroup(int group)
    {
        writer.Clear();
        for (var bucket = 0; bucket < RoomLayout.BucketsPerGroup; bucket++)
        {
            var start = starts[(group * RoomLayout.BucketsPerGroup) + bucket];
            var end = starts[(group * RoomLayout.BucketsPerGroup) + bucket + 1];
            for (var i = start; i < end; i++)
            {
                writer.Write(bucket, i - start, tags[i], codes.AsSpan(rows[i] * columnCount, columnCount));
            }
        }
        return writer.Plaintext;
    }

    private int[] FindStarts(int capacity)
    {
        var found = new int[layout.BucketCount + 1];
        var next = 0;
        for (var bucket = 0; bucket < layout.BucketCount; bucket++)
        {
            found[bucket] = next;
            while (next < tags.Length && layout.BucketOf(tags[next].High) == bucket)
            {
                next++;
            }
            if (next - found[bucket] > capacity)
            {
                // Less likely than one in a billion; another room has another match key, and other buckets.
                throw new PreparationException("more persons fell into one bucket than it has room for; have the members sign the contract with a larger 'max_rows', which gives other buckets");
            }
        }
        found[layout.BucketCount] = next;
        return found;
    }
}
