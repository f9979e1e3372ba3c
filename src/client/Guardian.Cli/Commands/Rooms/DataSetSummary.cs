using Guardian.CleanRoom.Contract;

namespace Guardian.Cli.Commands.Rooms;

/// <summary>A data set of a contract, for programs that prepare its file.</summary>
/// <param name="Identifiers">The headers of its identifiers in the owner's file; several for a composite one, or for several.</param>
/// <param name="Columns">The names of its columns.</param>
internal sealed record DataSetSummary(string Name, string Owner, IReadOnlyList<string> Identifiers, IReadOnlyList<string> Columns)
{
    public static DataSetSummary Of(DataSet dataSet) => new(
        dataSet.Name, dataSet.Owner, [.. dataSet.Identifiers.SelectMany(identifier => identifier.Columns).Distinct()],
        [.. dataSet.Columns.Select(column => column.Name)]);
}
