namespace Guardian.CleanRoom.Contract;

/// <summary>
/// The inclusions that a contract declares with <c>within</c>: every person of one data set is in another one of the same owner. A question
/// about both is then a question about the smaller one.
/// </summary>
internal static class Inclusions
{
    /// <summary>Whether a data set is declared to lie within another, directly or through others.</summary>
    /// <param name="dataSets">All data sets of the contract.</param>
    public static bool IsWithin(IReadOnlyList<DataSet> dataSets, DataSet inner, DataSet outer)
    {
        // A cycle ends at the number of data sets; the reader of contracts refuses it.
        for (var (step, each) = (0, inner); step < dataSets.Count && each?.Within is { } name; step++)
        {
            if (name == outer.Name)
            {
                return true;
            }
            each = dataSets.FirstOrDefault(dataSet => dataSet.Name == name);
        }
        return false;
    }

    /// <summary>
    /// Removes data sets from a question that add nothing: another one of the question lies within them, and no condition or figure is
    /// about their columns. So equal sets get equal words. At least two data sets stay.
    /// </summary>
    /// <param name="contract">The contract.</param>
    /// <param name="chosen">The data sets of the question.</param>
    /// <param name="concerned">Names of the data sets whose columns the question uses.</param>
    public static List<DataSet> Reduce(RoomContract contract, List<DataSet> chosen, IReadOnlyCollection<string> concerned)
    {
        // In a room with several identifiers, rows match only through the data set of persons.
        var reduced = chosen.Where(outer => concerned.Contains(outer.Name) || outer.Name == contract.Persons
            || !chosen.Exists(inner => IsWithin(contract.DataSets, inner, outer))).ToList();
        return reduced.Count > 1 ? reduced : chosen;
    }
}
