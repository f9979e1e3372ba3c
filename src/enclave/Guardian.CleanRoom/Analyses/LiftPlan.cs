using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Analyses;

/// <summary>The columns and cells of a lift measurement: a cell for each segment, in it for each arm, in it for each cluster.</summary>
internal sealed class LiftPlan
{
    // The most cells of a contract's own measurement: 16 arms of 256 clusters. Segments must not cost more.
    private const int MostCells = 4_096;

    // All comparisons of an answer are one family, and each makes its interval wider.
    private const int MostComparisons = 1_000;

    private readonly RoomContract contract;

    /// <param name="contract">A contract that allows lift.</param>
    /// <param name="segments">The column of the segments; null for everybody as one.</param>
    public LiftPlan(RoomContract contract, FoundColumn? segments)
    {
        this.contract = contract;
        Design = contract.Analyses.Lift!;
        Assigned = contract.FindDataSet(Design.Assignment.DataSet)!;
        Measured = contract.FindDataSet(Design.Outcomes[0].DataSet)!;
        Arms = Assigned.FindColumn(Design.Assignment.Column)!.Values;
        Outcomes = [.. Design.Outcomes.Select((_, outcome) => Design.OutcomeColumn(contract, outcome))];
        Covariate = Design.Covariate is { } before ? Measured.FindColumn(before.Column) : null;
        Clusters = ClusterCells.Of(contract);
        Segments = segments;
        SegmentCount = segments is null ? 1 : (int)(segments.Column.Maximum - segments.Column.Minimum + 1);
    }

    /// <summary>The design.</summary>
    public LiftDesign Design { get; }

    /// <summary>The data set of the assignment.</summary>
    public DataSet Assigned { get; }

    /// <summary>The data set of the outcomes.</summary>
    public DataSet Measured { get; }

    /// <summary>The arms in the order of the column's values.</summary>
    public IReadOnlyList<string> Arms { get; }

    /// <summary>The outcomes, with the caps that count.</summary>
    public IReadOnlyList<Column> Outcomes { get; }

    /// <summary>The covariate; null without one.</summary>
    public Column? Covariate { get; }

    /// <summary>The clusters; null when each person was assigned alone.</summary>
    public ClusterCells? Clusters { get; }

    /// <summary>The column of the segments; null for everybody as one.</summary>
    public FoundColumn? Segments { get; }

    /// <summary>Segments; 1 without such a column.</summary>
    public int SegmentCount { get; }

    /// <summary>Cells of an arm of a segment.</summary>
    public int ClusterCount => Clusters?.Count ?? 1;

    /// <summary>All cells.</summary>
    public int CellCount => SegmentCount * Arms.Count * ClusterCount;

    /// <summary>All comparisons, if every segment is shown.</summary>
    public int ComparisonCount => SegmentCount * FamilySize * LiftComparisons.Name(Design, Arms).Count;

    /// <summary>How a comparison of some arms is looked at more than once; null for one look.</summary>
    /// <param name="arms">Indices of the arms, control included.</param>
    public LookDesign? LooksAt(IEnumerable<int> arms) => Design.LooksAt(contract, arms);

    /// <summary>Outcomes and ratios.</summary>
    public int FamilySize => Design.Outcomes.Count + Design.Ratios.Count;

    /// <summary>Whether an answer would have more cells or comparisons than a room computes.</summary>
    public bool IsTooLarge => Segments is not null && (CellCount > MostCells || ComparisonCount > MostComparisons);

    /// <summary>Whether only matched persons count.</summary>
    public bool IsMatchedOnly => Design.Population == LiftPopulation.Matched;

    /// <summary>The columns of the cells without clusters.</summary>
    public IReadOnlyList<CellColumn> Cells
    {
        get
        {
            var arms = new CellColumn(Assigned, IndexOf(Design.Assignment), Arms.Count, 1);
            return Segments is null ? [arms] : [new CellColumn(Segments.DataSet, Segments.Index, SegmentCount, Arms.Count), arms];
        }
    }

    /// <summary>Finds the parts of a cell's number that the rows of a data set decide.</summary>
    /// <param name="dataSet">The data set.</param>
    /// <param name="withClusters">Whether cells are divided by cluster.</param>
    public IReadOnlyList<CellPart> PartsOf(DataSet dataSet, bool withClusters)
    {
        var clusters = withClusters ? Clusters : null;
        List<CellPart> parts = [.. Cells.Where(cell => cell.DataSet == dataSet)
            .Select(cell => new CellPart(cell.Column, cell.Stride * (clusters?.Count ?? 1)))];
        if (clusters is not null && dataSet == Assigned)
        {
            parts.Add(new CellPart(clusters.Column, 1, HashBits: clusters.HashBits));
        }
        return parts;
    }

    /// <summary>The exposed persons among those who are counted; null when exposure is not known.</summary>
    public Measure? Exposure => Design.Exposure is { } flag ? new Measure(0, IndexOf(flag)) : null;

    /// <summary>Plans the sums of the outcomes, of the covariate, of the products of both, and of those of ratios.</summary>
    /// <param name="side">Index of the outcomes' data set among those of the question.</param>
    public SumPlan PlanSums(int side)
    {
        var all = Measured.Columns.Select(column => column.Name).ToList();
        List<Column> columns = Covariate is null ? [.. Outcomes] : [.. Outcomes, Covariate];
        return new SumPlan(
            [.. columns.Select(column => new Measure(side, all.IndexOf(column.Name), (uint)LiftTotals.Reach(column)))],
            [
                .. Covariate is null ? [] : Outcomes.Select((_, index) => (index, Outcomes.Count)),
                .. Design.Ratios.Select(ratio => (ratio.Numerator, ratio.Denominator)),
            ]);
    }

    /// <summary>The conditions that a person has a part in a ratio: neither side is zero.</summary>
    public IReadOnlyList<CodeCondition> PartIn(LiftRatio ratio) =>
        [.. new[] { ratio.Numerator, ratio.Denominator }.Select(outcome => new CodeRanges(
            IndexOf(Design.Outcomes[outcome]), [(2, (uint)(Outcomes[outcome].Maximum + 1))]))];

    /// <summary>Index of a ratio's products among those of the plan.</summary>
    public int ProductOf(int ratio) => (Covariate is null ? 0 : Outcomes.Count) + ratio;

    /// <summary>Joins the clusters of each arm.</summary>
    public IReadOnlyList<CellTotals> OfArms(IEnumerable<CellTotals> cells) =>
        [.. cells.Chunk(ClusterCount).Select(arm => arm.Aggregate((left, right) => left + right))];

    private int IndexOf(ColumnReference reference) =>
        contract.FindDataSet(reference.DataSet)!.Columns.ToList().FindIndex(column => column.Name == reference.Column);
}
