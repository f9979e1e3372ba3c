using System.Runtime.ExceptionServices;
using Guardian.CleanRoom.Client.Sorting;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Matching;

namespace Guardian.CleanRoom.Client;

/// <summary>What became of a file's rows.</summary>
/// <param name="Rows">Rows read.</param>
/// <param name="Persons">Rows kept: one for each person, unless the enclave is to sort them.</param>
/// <param name="Empty">Rows without an identifier, left out.</param>
/// <param name="Invalid">Rows whose identifier is none of its kind, left out.</param>
/// <param name="Duplicates">Rows of a person who stands further up, left out.</param>
/// <param name="IgnoredColumns">Columns that the contract does not name; they never leave.</param>
public sealed record PreparationReport(int Rows, int Persons, int Empty, int Invalid, int Duplicates, IReadOnlyList<string> IgnoredColumns)
{
    /// <summary>Events that lie outside every column's window or filters; their persons are kept.</summary>
    public int Uncounted { get; init; }

    /// <summary>Persons of whom a value made from events was beyond its column's bounds, and became the bound.</summary>
    public int Capped { get; init; }
}

/// <summary>
/// A data set, or changes of one, tagged, sorted where that is its form, and ready to be written group by group. The same file gives the same groups every time, so that an upload can go
/// on where it stopped. Not thread-safe. Disposing it removes what lies in the temporary file; so does the end of the program.
/// </summary>
public sealed class PreparedDataSet : IDisposable
{
    private readonly RoomLayout layout;
    private readonly RowFormat format;
    private readonly RowSpill spill;
    private readonly SortedPartition sorted;

    /// <exception cref="PreparationException">A bucket has more rows than slots.</exception>
    internal PreparedDataSet(RoomLayout layout, DataSet dataSet, RowFormat format, RowSpill spill, PreparationReport report, UploadForm form)
    {
        Form = form;
        this.layout = layout;
        this.format = format;
        this.spill = spill;
        sorted = new SortedPartition(layout, dataSet, format, spill, form);
        var digest = new VersionDigest(layout.GroupCount, form);
        var (persons, duplicates, capped) = (0, 0, 0);
        try
        {
            Parallel.ForEach(
                new GroupRange(0, format.PartitionCount).Split(Environment.ProcessorCount),
                share =>
                {
                    var mine = new SortedPartition(layout, dataSet, format, spill, form);
                    for (var partition = share.First; partition < share.End; partition++)
                    {
                        mine.Load(partition);
                        var end = Math.Min((partition + 1) * format.GroupsPerPartition, layout.GroupCount);
                        for (var group = partition * format.GroupsPerPartition; group < end; group++)
                        {
                            digest.Add(group, mine.WriteGroup(group).Span);
                        }
                        Interlocked.Add(ref persons, mine.Count);
                        Interlocked.Add(ref duplicates, mine.Duplicates);
                        Interlocked.Add(ref capped, mine.Capped);
                    }
                });
        }
        catch (AggregateException failed) when (failed.InnerException is PreparationException overflow)
        {
            ExceptionDispatchInfo.Throw(overflow);
        }
        Report = report with { Persons = persons, Duplicates = duplicates, Capped = capped };
        Digest = digest.Complete();
    }

    /// <summary>What the groups hold.</summary>
    public UploadForm Form { get; }

    /// <summary>What became of the file's rows.</summary>
    public PreparationReport Report { get; }

    /// <summary>Names this version.</summary>
    public ReadOnlyMemory<byte> Digest { get; }

    /// <summary>Groups there are, whatever the number of rows.</summary>
    public int GroupCount => layout.GroupCount;

    /// <summary>Bytes that did not fit in memory and went to the temporary file.</summary>
    public long SpilledSize => spill.FileSize;

    /// <summary>Writes a group's plaintext; valid until the next call.</summary>
    public ReadOnlyMemory<byte> WriteGroup(int group)
    {
        sorted.Load(group / format.GroupsPerPartition);
        return sorted.WriteGroup(group);
    }

    /// <inheritdoc/>
    public void Dispose() => spill.Dispose();
}
