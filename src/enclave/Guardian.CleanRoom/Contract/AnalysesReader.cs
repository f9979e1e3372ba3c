using System.Globalization;
using Guardian.CleanRoom.Statistics;
using Guardian.Documents;

namespace Guardian.CleanRoom.Contract;

/// <summary>Reads the analyses that a contract allows.</summary>
internal sealed class AnalysesReader(YamlMap contract, IReadOnlyList<DataSet> dataSets)
{
    private const int MinArms = 2;

    // Each arm is a set of sums, and every row touches all of them.
    private const int MaxArms = 16;
    private const int MaxOutcomes = 16;
    private const int MaxRatioName = 64;

    // An activation list has 14 bytes for each row that its data set may have. In base64 within base64 that is 62 MB, and a statement may
    // have 64 MiB.
    private const int MaxListedRows = 2_500_000;

    private static readonly Dictionary<string, LiftPopulation> Populations = new()
    {
        ["matched"] = LiftPopulation.Matched,
        ["assigned"] = LiftPopulation.Assigned,
    };

    private static readonly Dictionary<string, MultipleTesting> Corrections = new()
    {
        ["holm"] = MultipleTesting.Holm,
        ["benjamini-hochberg"] = MultipleTesting.BenjaminiHochberg,
    };

    public RoomAnalyses Read()
    {
        if (contract.Map("analyses") is not { } map)
        {
            if (!contract.Has("analyses"))
            {
                contract.ReportMissing("analyses");
            }
            return new RoomAnalyses();
        }
        var analyses = new RoomAnalyses
        {
            Overlap = map.Flag("overlap", absent: false),
            Crosstab = map.Flag("crosstab", absent: false),
            Sum = map.Flag("sum", absent: false),
            Reach = map.Map("reach") is { } reach ? ReadReach(reach) : null,
            Lift = map.Map("lift") is { } lift ? ReadLift(lift) : null,
            Activation = map.Map("activation") is { } activation ? ReadActivation(activation) : null,
            Programs = ProgramsReader.ReadAll(map, dataSets),
        };
        map.End();
        return analyses;
    }

    private ReachDesign ReadReach(YamlMap map)
    {
        var (_, frequency) = ReadColumn("frequency", map.Text("frequency"), message => map.ReportAt("frequency", message));
        // Each frequency is a cell of a crosstab.
        if (frequency is not null
            && (frequency.Kind != ColumnKind.Integer || frequency.Minimum != 0 || frequency.Maximum >= RoomAnalyses.MaxCells))
        {
            map.ReportAt("frequency", $"'frequency' must be an integer from 0 to at most {RoomAnalyses.MaxCells - 1}");
        }
        var design = new ReachDesign(ReferenceTo(map.OptionalText("frequency")), (int?)map.OptionalInteger("maximum", 1, 100) ?? 10);
        map.End();
        return design;
    }

    private ActivationDesign ReadActivation(YamlMap map)
    {
        var design = new ActivationDesign(map.Text("dataset"), map.Text("receiver"));
        var listed = dataSets.FirstOrDefault(dataSet => dataSet.Name == design.DataSet);
        if (listed?.MaxRows > MaxListedRows)
        {
            map.ReportAt("dataset", $"the list is padded to 'max_rows', so '{listed.Name}' may have at most {MaxListedRows}");
        }
        if (listed?.Owner != design.Receiver && design.Receiver.Length > 0)
        {
            map.ReportAt(
                "receiver", "only the owner of the data set can turn its entries back into persons, so nobody else may receive the list");
        }
        foreach (var dataSet in dataSets.Where(dataSet => !dataSet.Rules.Activation))
        {
            map.Report(
                $"an activation list needs 'rules: {{activation: true}}' in every data set; "
                + $"{dataSet.Owner} has not agreed for '{dataSet.Name}'");
        }
        map.End();
        return design;
    }

    private LiftDesign ReadLift(YamlMap map)
    {
        var (assignedSet, assignment) = ReadColumn("assignment", map.Text("assignment"), message => map.ReportAt("assignment", message));
        var arms = assignment?.Values ?? [];
        if (assignment is not null && (assignment.Kind != ColumnKind.Category || arms.Count is < MinArms or > MaxArms))
        {
            map.ReportAt("assignment", $"'assignment' must be a category of {MinArms} to {MaxArms} values, the arms");
        }
        var control = map.Text("control");
        if (control.Length > 0 && assignment is not null && !arms.Contains(control))
        {
            map.ReportAt(
                "control", $"'{control}' is no value of {map.OptionalText("assignment")}; its values are {string.Join(", ", arms)}");
        }
        var outcomes = new List<ColumnReference>();
        foreach (var text in map.Texts("outcomes"))
        {
            var (outcomeSet, outcome) = ReadColumn("outcomes", text.Value, text.Report);
            if (outcome is { Kind: ColumnKind.Category or ColumnKind.Date })
            {
                text.Report($"an outcome is a flag or a number; '{text.Value}' is neither");
            }
            if (outcomes.Count > 0 && outcomeSet is not null && outcomes[0].DataSet != outcomeSet.Name)
            {
                text.Report("all outcomes must be of one data set");
            }
            if (outcomeSet is not null && outcomeSet == assignedSet)
            {
                text.Report("an outcome must be a column of the other data set than the assignment");
            }
            if (ColumnReference.TryParse(text.Value, out var reference))
            {
                outcomes.Add(reference!);
            }
        }
        if (outcomes.Count is 0 or > MaxOutcomes)
        {
            map.ReportAt("outcomes", $"'outcomes' must list 1 to {MaxOutcomes} columns");
        }
        var design = new LiftDesign
        {
            Assignment = ReferenceTo(map.OptionalText("assignment")),
            Control = control,
            Shares = ReadShares(map, arms),
            Outcomes = outcomes,
            Ratios = ReadRatios(map, outcomes),
            Population = map.Word("population", Populations, LiftPopulation.Matched),
            Exposure = ReadExposure(map, assignedSet),
            Covariate = ReadCovariate(map, outcomes),
            Cluster = ReadCluster(map, assignedSet),
            LookPersons = ReadLooks(map),
            Correction = map.Word("correction", Corrections, MultipleTesting.Holm),
            Caps = ReadCaps(map, outcomes),
            Epsilon = PrivacyReader.ReadEpsilon(map, "epsilon", PrivacyReader.GreatestEpsilon),
        };
        if (!map.Has("population"))
        {
            map.ReportMissing("population");
        }
        if (design is { Covariate: not null, Population: LiftPopulation.Assigned })
        {
            // The campaign may have changed which persons match, and with them the covariate: the adjusted difference would be biased.
            map.ReportAt("covariate", "'covariate' needs 'population: matched': it is unknown for persons who are in no other data set");
        }
        map.End();
        return design;
    }

    private List<LiftRatio> ReadRatios(YamlMap map, List<ColumnReference> outcomes)
    {
        var ratios = new List<LiftRatio>();
        if (map.Map("ratios") is not { } named)
        {
            return ratios;
        }
        foreach (var name in named.Names)
        {
            var parts = named.Text(name).Split(" / ");
            var indices = parts.Select(part => outcomes.FindIndex(outcome => outcome.ToString() == part.Trim())).ToList();
            if (indices.Count != 2 || indices[0] == indices[1] || indices.Exists(index => index < 0 || !BeginsAtZero(outcomes[index])))
            {
                named.ReportAt(name, "a ratio is written OUTCOME / OUTCOME: two different ones of 'outcomes', whose minimum is 0");
            }
            else if (name.Length > MaxRatioName || name.Contains('.', StringComparison.Ordinal))
            {
                named.ReportAt(name, $"the name of a ratio has at most {MaxRatioName} characters and no dot");
            }
            else
            {
                ratios.Add(new LiftRatio(name, indices[0], indices[1]));
            }
        }
        if (ratios.Count > MaxOutcomes)
        {
            named.Report($"'ratios' has at most {MaxOutcomes}");
        }
        named.End();
        return ratios;
    }

    private static long? ReadLooks(YamlMap map)
    {
        if (map.Map("looks") is not { } looks)
        {
            return null;
        }
        var persons = looks.Integer("persons", 1, int.MaxValue);
        looks.End();
        return persons;
    }

    private bool BeginsAtZero(ColumnReference outcome) =>
        dataSets.FirstOrDefault(each => each.Name == outcome.DataSet)?.FindColumn(outcome.Column)?.Minimum == 0;

    private Dictionary<ColumnReference, long> ReadCaps(YamlMap map, List<ColumnReference> outcomes)
    {
        var caps = new Dictionary<ColumnReference, long>();
        if (map.Map("caps") is not { } limits)
        {
            return caps;
        }
        foreach (var outcome in outcomes.Distinct())
        {
            if (limits.OptionalText(outcome.ToString()) is not { } text)
            {
                continue;
            }
            var column = dataSets.FirstOrDefault(each => each.Name == outcome.DataSet)?.FindColumn(outcome.Column);
            if (column?.Kind is not (ColumnKind.Integer or ColumnKind.Decimal) || !CellText.TryRead(column, text, out var cap, out _)
                || cap == column.Minimum)
            {
                limits.ReportAt(
                    outcome.ToString(),
                    "a cap is the most that one person adds to a number: a value within the column's bounds, above its minimum");
                continue;
            }
            caps[outcome] = cap;
        }
        limits.End();
        return caps;
    }

    private ColumnReference? ReadExposure(YamlMap map, DataSet? assignedSet)
    {
        if (!map.Has("exposure"))
        {
            return null;
        }
        var (dataSet, exposure) = ReadColumn("exposure", map.Text("exposure"), message => map.ReportAt("exposure", message));
        if (exposure is not null && (exposure.Kind != ColumnKind.Flag || dataSet != assignedSet))
        {
            map.ReportAt("exposure", "'exposure' must be a flag of the assignment's data set");
        }
        return ReferenceTo(map.OptionalText("exposure"));
    }

    private ColumnReference? ReadCluster(YamlMap map, DataSet? assignedSet)
    {
        if (!map.Has("cluster"))
        {
            return null;
        }
        var (dataSet, cluster) = ReadColumn("cluster", map.Text("cluster"), message => map.ReportAt("cluster", message));
        if (cluster is not null && (cluster.Kind is not (ColumnKind.Category or ColumnKind.Integer) || dataSet != assignedSet
            || $"{dataSet!.Name}.{cluster.Name}" == map.OptionalText("assignment")))
        {
            map.ReportAt("cluster", "'cluster' must be a category or an integer of the assignment's data set, and not the assignment");
        }
        return ReferenceTo(map.OptionalText("cluster"));
    }

    private ColumnReference? ReadCovariate(YamlMap map, List<ColumnReference> outcomes)
    {
        if (!map.Has("covariate"))
        {
            return null;
        }
        var (dataSet, covariate) = ReadColumn("covariate", map.Text("covariate"), message => map.ReportAt("covariate", message));
        if (covariate is not null
            && (covariate.Kind is ColumnKind.Category or ColumnKind.Date
                || outcomes.Any(outcome => outcome.DataSet != dataSet!.Name || outcome.Column == covariate.Name)))
        {
            map.ReportAt("covariate", "'covariate' must be a number or flag of the outcomes' data set, and no outcome itself");
        }
        return ReferenceTo(map.OptionalText("covariate"));
    }

    private static ColumnReference ReferenceTo(string? text) =>
        ColumnReference.TryParse(text, out var column) ? column! : new ColumnReference("", "");

    private (DataSet? DataSet, Column? Column) ReadColumn(string member, string text, Action<string> report)
    {
        var dataSet = ColumnReference.TryParse(text, out var reference)
            ? dataSets.FirstOrDefault(each => each.Name == reference!.DataSet)
            : null;
        var column = dataSet?.FindColumn(reference!.Column);
        if (column is null && text.Length > 0)
        {
            report($"'{text}' in '{member}' is no column of this contract; columns are written dataset.column");
        }
        return (dataSet, column);
    }

    private static IReadOnlyList<double> ReadShares(YamlMap map, IReadOnlyList<string> arms)
    {
        if (map.Find("shares") is not YamlMap shares)
        {
            if (map.OptionalText("shares") is { } word and not "equal")
            {
                map.ReportAt("shares", $"'shares' is equal, or a map of a share for each arm, not '{word}'");
            }
            return [.. arms.Select(_ => 1.0 / arms.Count)];
        }
        var read = arms.Select(arm => shares.OptionalDecimal(arm, 0.001m, 0.999m) ?? 0).ToList();
        if (Math.Abs(read.Sum() - 1) > 0.001m)
        {
            shares.Report(string.Create(
                CultureInfo.InvariantCulture,
                $"the shares of all arms must sum to 1, not {read.Sum()}; name each of {string.Join(", ", arms)}"));
        }
        shares.End();
        return [.. read.Select(share => (double)(share / Math.Max(read.Sum(), 0.001m)))];
    }
}
