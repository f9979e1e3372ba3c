using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Tests.Support;

/// <summary>Groups in memory, unencrypted.</summary>
internal sealed class MemorySource : IGroupSource
{
    private readonly List<byte[]> groups;

    public MemorySource(DataSet dataSet, PreparedDataSet prepared)
    {
        DataSet = dataSet;
        groups = [.. Enumerable.Range(0, prepared.GroupCount).Select(group => prepared.WriteGroup(group).ToArray())];
    }

    public MemorySource(DataSet dataSet, List<byte[]> groups) => (DataSet, this.groups) = (dataSet, groups);

    /// <summary>Prepares a file like a partner, and keeps its groups.</summary>
    public static MemorySource Of(RoomContract contract, string dataSet, string csv) =>
        new(contract.FindDataSet(dataSet)!, TestRows.Prepare(contract, dataSet, csv));

    public DataSet DataSet { get; }

    public ReadOnlySpan<byte> Read(int group, Span<byte> scratch) => groups[group];
}
