using System.Runtime.ExceptionServices;
using Guardian.CleanRoom.Client.Sorting;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client;

/// <summary>The counts of a preparation.</summary>
/// <param name="Rows">Rows read.</param>
/// <param name="Persons">Rows kept: one for each person, unless the enclave sorts them.</param>
/// <param name="Empty">Rows left out because they have no identifier.</param>
/// <param name="Invalid">Rows left out because their identifier is not of its kind.</param>
/// <param name="Duplicates">Rows left out because an earlier row is of the same person.</param>
/// <param name="IgnoredColumns">Columns that the contract does not name; they never leave the machine.</param>
public sealed record PreparationReport(
    int Rows, int Persons, int Empty, int Invalid, int Duplicates, IReadOnlyList<string> IgnoredColumns)
{
    /// <summary>Events that lie outside every column's window or filters; their persons are kept.</summary>
    public int Uncounted { get; init; }

    /// <summary>Rows left out because their identifier is nobody's: <c>NULL</c>, 0000000000, <c>noreply@example.com</c>.</summary>
    public int Nobodys { get; init; }

    /// <summary>Rows with a hash in the place of an identifier that the contract says is clear text. Where such a row is kept, it matches
    /// only a partner's same hash.</summary>
    public int Hashed { get; init; }

    /// <summary>With several identifiers: those that were left out of a row because an earlier row has them.</summary>
    public int SharedIdentifiers { get; init; }

    /// <summary>Cells that are no value of their column and count as empty; at most the share that the contract allows.</summary>
    public int InvalidCells { get; init; }

    /// <summary>Persons of whom a value made from events exceeded its column's bounds and was set to the bound.</summary>
    public int Capped { get; init; }
}

/// <summary>
/// A data set, or changes of one, tagged, sorted where its form requires that, and ready to be written group by group. The same file
/// gives the same groups every time, so that an upload can continue after an interruption. Not thread-safe. Disposing it removes its
/// temporary file; so does the end of the program.
/// </summary>
public sealed class PreparedDataSet : IDisposable
{
    private readonly RoomLayout layout;
    private readonly RowFormat format;
    private readonly RowSpill spill;
    private readonly SortedPartition sorted;

    /// <summary>Sorts the rows and computes the digest of the version.</summary>
    /// <exception cref="RefusedException">A bucket has more rows than slots.</exception>
    internal PreparedDataSet(
        RoomLayout layout, DataSet dataSet, RowFormat format, RowSpill spill, PreparationReport report, UploadForm form)
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
                    var own = new SortedPartition(layout, dataSet, format, spill, form);
                    for (var partition = share.First; partition < share.End; partition++)
                    {
                        own.Load(partition);
                        var end = Math.Min((partition + 1) * format.GroupsPerPartition, layout.GroupCount);
                        for (var group = partition * format.GroupsPerPartition; group < end; group++)
                        {
                            digest.Add(group, own.WriteGroup(group).Span);
                        }
                        Interlocked.Add(ref persons, own.Count);
                        Interlocked.Add(ref duplicates, own.Duplicates);
                        Interlocked.Add(ref capped, own.Capped);
                    }
                });
        }
        catch (AggregateException failed) when (failed.InnerException is RefusedException refused)
        {
            ExceptionDispatchInfo.Throw(refused);
        }
        Report = report with { Persons = persons, Duplicates = report.Duplicates + duplicates, Capped = capped };
        Digest = digest.Complete();
    }

    /// <summary>The form of the upload.</summary>
    public UploadForm Form { get; }

    /// <summary>The counts of the preparation.</summary>
    public PreparationReport Report { get; }

    /// <summary>The digest that names this version, 32 bytes.</summary>
    public ReadOnlyMemory<byte> Digest { get; }

    /// <summary>The number of groups. It follows from the contract alone, whatever the number of rows.</summary>
    public int GroupCount => layout.GroupCount;

    /// <summary>Bytes that spilled to the temporary file.</summary>
    internal long SpilledSize => spill.FileSize;

    /// <summary>Writes a group's plaintext; valid until the next call.</summary>
    internal ReadOnlyMemory<byte> WriteGroup(int group)
    {
        sorted.Load(group / format.GroupsPerPartition);
        return sorted.WriteGroup(group);
    }

    /// <inheritdoc/>
    public void Dispose() => spill.Dispose();
}
