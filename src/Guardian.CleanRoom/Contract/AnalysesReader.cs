using System.Globalization;
using Guardian.Documents;

namespace Guardian.CleanRoom;

/// <summary>Reads which analyses a contract allows.</summary>
internal sealed class AnalysesReader(YamlMap contract, IReadOnlyList<DataSet> dataSets)
{
    private const int MinArms = 2;

    // Each arm is a set of sums that every row touches.
    private const int MaxArms = 16;
    private const int MaxOutcomes = 16;

    private static readonly Dictionary<string, LiftPopulation> Populations = new()
    {
        ["matched"] = LiftPopulation.Matched,
        ["assigned"] = LiftPopulation.Assigned,
    };

    public RoomAnalyses Read(bool hasNoise)
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
            Lift = map.Map("lift") is { } lift ? ReadLift(lift) : null,
        };
        if (analyses.Lift is not null && hasNoise)
        {
            map.ReportAt("lift", "this release measures lift on exact counts only; set 'noise: none' under 'privacy', or leave lift out");
        }
        map.End();
        return analyses;
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
            map.ReportAt("control", $"'{control}' is no value of {map.OptionalText("assignment")}; its values are {string.Join(", ", arms)}");
        }
        var outcomes = new List<ColumnReference>();
        foreach (var text in map.Texts("outcomes"))
        {
            var (outcomeSet, outcome) = ReadColumn("outcomes", text.Value, text.Report);
            if (outcome is { Kind: ColumnKind.Category })
            {
                text.Report($"an outcome is a flag or a number; '{text.Value}' is a category");
            }
            if (outcomeSet is not null && outcomeSet == assignedSet)
            {
                text.Report("an outcome must be of the other data set than the assignment");
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
            Assignment = ColumnReference.TryParse(map.OptionalText("assignment"), out var column) ? column! : new ColumnReference("", ""),
            Control = control,
            Shares = ReadShares(map, arms),
            Outcomes = outcomes,
            Population = map.Word("population", Populations, LiftPopulation.Matched),
        };
        if (!map.Has("population"))
        {
            map.ReportMissing("population");
        }
        map.End();
        return design;
    }

    private (DataSet? DataSet, Column? Column) ReadColumn(string member, string text, Action<string> report)
    {
        var dataSet = ColumnReference.TryParse(text, out var reference) ? dataSets.FirstOrDefault(each => each.Name == reference!.DataSet) : null;
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
            shares.Report(string.Create(CultureInfo.InvariantCulture, $"the shares of all arms must sum to 1, not {read.Sum()}; name each of {string.Join(", ", arms)}"));
        }
        shares.End();
        return [.. read.Select(share => (double)(share / Math.Max(read.Sum(), 0.001m)))];
    }
}
