using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Contract;

/// <summary>The analyses that a contract allows; false and null mean not allowed.</summary>
public sealed record RoomAnalyses
{
    /// <summary>The most cells of a crosstab.</summary>
    internal const int MaxCells = 1_000;

    /// <summary>Counts of matched persons, with filters on all sides.</summary>
    public bool Overlap { get; init; }

    /// <summary>Counts of matched persons by the values of one or two columns.</summary>
    public bool Crosstab { get; init; }

    /// <summary>Sums over matched persons, of columns that their owner opened to sums.</summary>
    public bool Sum { get; init; }

    /// <summary>The number of matched persons that a campaign reached, by how often it reached them.</summary>
    public ReachDesign? Reach { get; init; }

    /// <summary>The effect of a campaign, fixed in the contract before anyone sees an outcome.</summary>
    public LiftDesign? Lift { get; init; }

    /// <summary>The receiver of the list of matched persons; every owner of data must agree in the data set's own rules.</summary>
    public ActivationDesign? Activation { get; init; }

    /// <summary>The programs that the members bring, by unique name.</summary>
    public IReadOnlyList<ProgramDesign> Programs { get; init; } = [];

    /// <summary>Finds a program by name.</summary>
    /// <returns>The program, or null.</returns>
    internal ProgramDesign? FindProgram(string? name) => Programs.FirstOrDefault(program => program.Name == name);
}

/// <summary>The design of a reach measurement.</summary>
/// <param name="Frequency">The integer column with how often a person was reached; 0 and empty mean never.</param>
/// <param name="Maximum">Persons reached this often or more are counted together.</param>
public sealed record ReachDesign(ColumnReference Frequency, int Maximum);

/// <summary>The design of an activation list.</summary>
/// <param name="DataSet">The list has the tags of this data set.</param>
/// <param name="Receiver">The owner of that data set; nobody else gets the list.</param>
public sealed record ActivationDesign(string DataSet, string Receiver);

/// <summary>The design of a lift measurement.</summary>
public sealed record LiftDesign
{
    /// <summary>The category column with the arm to which each person was assigned at random.</summary>
    public required ColumnReference Assignment { get; init; }

    /// <summary>The value of <see cref="Assignment"/> that means no treatment.</summary>
    public required string Control { get; init; }

    /// <summary>
    /// Intended share of each arm in the order of the column's values, summing to 1; the sample-ratio check tests against it.
    /// </summary>
    public required IReadOnlyList<double> Shares { get; init; }

    /// <summary>Columns of the other data set: flags give rates, integers and decimals give means per head.</summary>
    public required IReadOnlyList<ColumnReference> Outcomes { get; init; }

    /// <summary>Ratios of two outcomes, such as revenue over orders.</summary>
    public IReadOnlyList<LiftRatio> Ratios { get; init; } = [];

    /// <summary>Whether a person who was assigned but is not in the outcome data set counts, with outcome zero.</summary>
    public required LiftPopulation Population { get; init; }

    /// <summary>The flag of the assignment's data set that is set for exposed persons; null when exposure is not known.</summary>
    public ColumnReference? Exposure { get; init; }

    /// <summary>A number of the outcome data set known before assignment, with which CUPED narrows the intervals; null for none.</summary>
    public ColumnReference? Covariate { get; init; }

    /// <summary>
    /// The column of the assignment's data set that says which persons were assigned together, such as a household or a store; null when
    /// each person was assigned alone.
    /// </summary>
    public ColumnReference? Cluster { get; init; }

    /// <summary>How several comparisons are judged together.</summary>
    public MultipleTesting Correction { get; init; }

    /// <summary>
    /// The expected persons of all arms, if the effect is judged again and again while data grow; null for one look.
    /// </summary>
    public long? LookPersons { get; init; }

    /// <summary>The most that one person adds to an outcome, where lift has a limit of its own; scaled like the column.</summary>
    public IReadOnlyDictionary<ColumnReference, long> Caps { get; init; } = new Dictionary<ColumnReference, long>();

    /// <summary>The price of a measurement for each of its data sets; null for exact figures.</summary>
    public decimal? Epsilon { get; init; }

    /// <summary>How a comparison of some arms is looked at more than once; null for one look.</summary>
    /// <param name="contract">The contract of the design.</param>
    /// <param name="arms">Indices of the arms, control included.</param>
    public LookDesign? LooksAt(RoomContract contract, IEnumerable<int> arms)
    {
        ArgumentNullException.ThrowIfNull(contract);
        ArgumentNullException.ThrowIfNull(arms);
        if (LookPersons is not { } persons)
        {
            return null;
        }
        // Every answer costs all of its data sets, so the smallest budget bounds their number.
        var budget = new[] { Assignment.DataSet, Outcomes[0].DataSet }.Min(
            dataSet => Math.Min(contract.Privacy.Budget, contract.FindDataSet(dataSet)?.Rules.Budget ?? decimal.MaxValue));
        var most = Epsilon is { } price ? (int)Math.Max(1, Math.Floor(budget / price)) : 1;
        return new LookDesign(persons * arms.Sum(arm => Shares[arm]), most);
    }

    /// <summary>Finds an outcome's column, with the cap that lift uses.</summary>
    public Column OutcomeColumn(RoomContract contract, int outcome)
    {
        ArgumentNullException.ThrowIfNull(contract);
        var column = contract.FindDataSet(Outcomes[outcome].DataSet)!.FindColumn(Outcomes[outcome].Column)!;
        return Caps.TryGetValue(Outcomes[outcome], out var cap) ? column with { Cap = cap } : column;
    }
}

/// <summary>A ratio of two outcomes: the ratio of their sums over an arm.</summary>
/// <param name="Name">Its name in reports.</param>
/// <param name="Numerator">Index of the outcome above the line.</param>
/// <param name="Denominator">Index of the outcome below it.</param>
public sealed record LiftRatio(string Name, int Numerator, int Denominator);

/// <summary>The persons over whom lift is measured.</summary>
public enum LiftPopulation
{
    /// <summary>Persons in both data sets: right when the outcome data set lists customers.</summary>
    Matched,

    /// <summary>Everyone assigned: right when the outcome data set lists buyers only.</summary>
    Assigned,
}
