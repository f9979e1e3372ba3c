using Guardian.Documents;

namespace Guardian.CleanRoom.Contract;

/// <summary>
/// Reads how the data sets of a contract match: all by one identifier, or by several in an order that the data set of persons gives
/// (docs/spec/room.md).
/// </summary>
internal sealed class WaterfallReader
{
    private readonly YamlMap map;

    private WaterfallReader(YamlMap map, string? persons, List<DataSet> dataSets) =>
        (this.map, Persons, DataSets) = (map, persons, dataSets);

    /// <summary>Name of the data set of persons; null when all match by one identifier.</summary>
    public string? Persons { get; }

    /// <summary>The data sets with the pass of each of their identifiers.</summary>
    public List<DataSet> DataSets { get; }

    /// <summary>
    /// The most by which one person's rows can change figures, all cells of an answer together, in shares of one person. In each pass a row
    /// can take the place of one other, which goes on to the next pass. That holds for the person's row among the persons, and for the
    /// person's row in each other data set. A person whose row is another one leaves a cell and enters another, so each counts twice.
    /// </summary>
    public int Influence => Persons is null ? 1 : 1 + (2 * (DataSets.Count - 1) * DataSets.Max(dataSet => dataSet.Identifiers.Count));

    /// <summary>Reads the member <c>persons</c>, and gives each identifier its pass.</summary>
    public static WaterfallReader Read(YamlMap map, List<DataSet> dataSets)
    {
        if (map.OptionalText("persons") is not { } name)
        {
            ReportDifferentRules(map, dataSets);
            return new WaterfallReader(map, null, [.. dataSets.Select(dataSet => WithPasses(dataSet, dataSets, []))]);
        }
        var persons = dataSets.FirstOrDefault(dataSet => dataSet.Name == name);
        var rules = persons?.Identifiers.Select(identifier => identifier.Rule).ToList() ?? [];
        if (rules.Count < 2 || persons!.Identifiers.DistinctBy(each => (each.Rule, string.Join('\n', each.Columns))).Count() < rules.Count)
        {
            map.ReportAt("persons", $"'{name}' is not a data set with a list of 2 or more different 'identifiers'");
            return new WaterfallReader(map, null, dataSets);
        }
        foreach (var dataSet in dataSets.Where(dataSet => dataSet != persons))
        {
            ReportForeignRules(map, dataSet, name, rules);
        }
        return new WaterfallReader(map, name, [.. dataSets.Select(dataSet => WithPasses(dataSet, dataSets, rules))]);
    }

    /// <summary>Reports the analyses that do not go with several identifiers.</summary>
    public void Check(RoomAnalyses analyses)
    {
        if (Persons is null)
        {
            return;
        }
        if (analyses.Activation is not null)
        {
            map.ReportAt("analyses", "an activation list needs a room whose data sets match by one identifier");
        }
        if (analyses.Lift is { } lift && lift.Assignment.DataSet != Persons && lift.Outcomes.All(each => each.DataSet != Persons))
        {
            map.ReportAt("analyses", $"'persons: {Persons}' must be the data set of the lift's assignment or outcomes");
        }
    }

    private static void ReportDifferentRules(YamlMap map, List<DataSet> dataSets)
    {
        if (dataSets.FirstOrDefault(dataSet => dataSet.Identifiers.Count > 1) is { } several)
        {
            map.ReportAt(
                "datasets",
                $"'{several.Name}' has several identifiers: write 'persons: NAME' beside 'datasets', with the data set whose rows are the "
                + "persons");
        }
        else if (dataSets.Select(dataSet => dataSet.Identifier.Rule).Distinct().Count() > 1)
        {
            map.ReportAt("datasets", "the data sets identify persons by different kinds, profiles or parts, so nobody could match");
        }
    }

    private static void ReportForeignRules(YamlMap map, DataSet dataSet, string persons, List<string> rules)
    {
        // Of several with the same rule, such as first name with birth date and last name with birth date, it has all or none.
        bool IsAmbiguous(string rule) =>
            dataSet.Identifiers.Count(each => each.Rule == rule) != rules.Count(each => each == rule);
        if (PassesOf(dataSet, rules) is null || dataSet.Identifiers.Any(each => IsAmbiguous(each.Rule)))
        {
            map.ReportAt(
                "datasets",
                $"the identifiers of '{dataSet.Name}' must be some of those of '{persons}', with the same kinds, profiles and parts, in "
                + "the same order; all or none of those that differ only in their columns");
        }
        if (dataSet.Within is { } outer && outer != persons)
        {
            map.ReportAt("datasets", $"'{dataSet.Name}' can lie within '{persons}' only, because rows match through its persons");
        }
    }

    // Null when the identifiers are not some of the rules in the same order.
    private static int[]? PassesOf(DataSet dataSet, List<string> rules)
    {
        var (passes, next) = (new List<int>(), 0);
        foreach (var identifier in dataSet.Identifiers)
        {
            var pass = next < rules.Count ? rules.IndexOf(identifier.Rule, next) : -1;
            if (pass < 0)
            {
                return null;
            }
            passes.Add(pass);
            next = pass + 1;
        }
        return [.. passes];
    }

    // An identifier matches by hash when any data set of the room has only hashes of it.
    private static DataSet WithPasses(DataSet dataSet, List<DataSet> all, List<string> rules)
    {
        bool IsHashed(Identifier identifier) => all.SelectMany(each => each.Identifiers)
            .Any(other => other.Rule == identifier.Rule && other.Form == IdentifierForm.Sha256);
        Identifier[] identifiers = [.. dataSet.Identifiers.Select(each => each with { IsMatchedByHash = IsHashed(each) })];
        return dataSet with
        {
            Identifier = identifiers[0],
            Identifiers = identifiers,
            Passes = PassesOf(dataSet, rules) ?? [0],
        };
    }
}
