namespace Guardian.CleanRoom.Contract;

/// <summary>
/// The cells by which lift keeps the clusters of its design apart: one for each cluster, or, if there are too many, a number of groups of
/// clusters. Groups of whole clusters vary like clusters, so they give the same error, with fewer degrees of freedom.
/// </summary>
/// <param name="Column">Index of the column in the assignment's data set.</param>
/// <param name="Count">Cells.</param>
/// <param name="HashBits">Bits of the hash that forms the groups; 0 when each cluster has a cell of its own.</param>
public sealed record ClusterCells(int Column, int Count, int HashBits)
{
    /// <summary>The most clusters with a cell of their own. Each cell is a pass over all persons.</summary>
    public const int MostSingle = 256;

    /// <summary>The most bits of the hash.</summary>
    public const int MostHashBits = GroupBits;

    private const int GroupBits = 6;

    /// <summary>Finds the cells of a contract's design.</summary>
    /// <returns>The cells; null if persons were assigned one by one.</returns>
    public static ClusterCells? Of(RoomContract contract)
    {
        if (contract.Analyses.Lift?.Cluster is not { } cluster)
        {
            return null;
        }
        var columns = contract.FindDataSet(cluster.DataSet)!.Columns.ToList();
        var index = columns.FindIndex(column => column.Name == cluster.Column);
        var values = columns[index].Maximum - columns[index].Minimum + 1;
        return values <= MostSingle ? new ClusterCells(index, (int)values, 0) : new ClusterCells(index, 1 << GroupBits, GroupBits);
    }
}
