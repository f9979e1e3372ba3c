namespace Guardian.CleanRoom.Contract;

/// <summary>A table that one member owns. It has one row per person when it leaves its owner.</summary>
public sealed record DataSet
{
    private readonly IReadOnlyList<Identifier>? identifiers;

    /// <summary>Lower-case letters, digits, hyphens and underscores, at most 64.</summary>
    public required string Name { get; init; }

    /// <summary>Name of the member who owns it.</summary>
    public required string Owner { get; init; }

    /// <summary>The identifier of a person; all data sets of a room use the same kind and profile.</summary>
    public required Identifier Identifier { get; init; }

    /// <summary>
    /// All identifiers by which its persons are matched, best first; <see cref="Identifier"/> is the first. More than one only in a room
    /// with <see cref="RoomContract.Persons"/>.
    /// </summary>
    public IReadOnlyList<Identifier> Identifiers
    {
        get => identifiers ?? [Identifier];
        init => identifiers = value;
    }

    /// <summary>The pass in which each of <see cref="Identifiers"/> is matched: its position among those of the persons' data set, from 0.
    /// </summary>
    public IReadOnlyList<int> Passes { get; init; } = [0];

    /// <summary>The most rows it may hold. Public: the padded size depends on this number alone.</summary>
    public required int MaxRows { get; init; }

    /// <summary>
    /// The most persons that one upload of changes may contain; null when each upload contains all persons. Public, like
    /// <see cref="MaxRows"/>.
    /// </summary>
    public int? MaxChanges { get; init; }

    /// <summary>
    /// The days for which the first version of a period stays the current one; null when each upload replaces it at once. Periods follow
    /// each other from Monday, 1970-01-05, UTC.
    /// </summary>
    public int? PinnedDays { get; init; }

    /// <summary>Name of another data set of the same owner that contains every person of this one; null for none. Checked at each upload.
    /// </summary>
    public string? Within { get; init; }

    /// <summary>
    /// Whether all members agreed that membership in this data set is no secret. Then nobody is protected from a question whose persons are
    /// all, or nearly all, of it.
    /// </summary>
    public bool IsMembershipKnown { get; init; }

    /// <summary>Whether the members agreed that it begins without what was spent under the contract before.</summary>
    public bool IsBudgetReset { get; init; }

    /// <summary>The columns in the order in which they are stored.</summary>
    public required IReadOnlyList<Column> Columns { get; init; }

    /// <summary>Set when the owner's file has a row for each event; then every column has a <see cref="Column.Fold"/>.</summary>
    public EventRules? Events { get; init; }

    /// <summary>How the owner's file writes its cells.</summary>
    public FileRules File { get; init; } = new();

    /// <summary>The rules that its owner adds to those of all members.</summary>
    public OwnerRules Rules { get; init; } = new();

    /// <summary>Computes the end of the period of an instant, before which a version that was made then is not replaced.</summary>
    /// <returns>The first instant of the next period; null when versions are not pinned.</returns>
    public DateTimeOffset? PinnedUntil(DateTimeOffset made)
    {
        if (PinnedDays is not { } days)
        {
            return null;
        }
        var first = new DateTimeOffset(1970, 1, 5, 0, 0, 0, TimeSpan.Zero);
        return first.AddDays((Math.Floor((made - first).TotalDays / days) + 1) * days);
    }

    /// <summary>
    /// Describes the chunks of an upload as a data set with a name of its own, so that neither keys nor sizes are mixed up. Changes have
    /// one more flag: whether the person is removed.
    /// </summary>
    public DataSet InForm(UploadForm form) => form switch
    {
        UploadForm.Unsorted => this with { Name = $"{Name} unsorted" },
        UploadForm.Changes => this with
        {
            Name = $"{Name} changes",
            MaxRows = MaxChanges ?? 1,
            Columns = [.. Columns, new Column { Name = "removed", Kind = ColumnKind.Flag, Maximum = 1 }],
        },
        _ => this,
    };

    /// <summary>
    /// Describes it as it is uploaded: with several identifiers, each row carries the first 64 bits of the tag of each in two more columns,
    /// the high half first; both are 0 where the row has no such identifier.
    /// </summary>
    /// <returns>This data set itself when it has one identifier.</returns>
    public DataSet Keyed() => Identifiers.Count < 2 ? this : this with
    {
        Columns = [.. Columns, .. Identifiers.SelectMany((_, index) => new[] { KeyColumn(index, "high"), KeyColumn(index, "low") })],
    };

    /// <summary>Finds a column by name.</summary>
    /// <returns>The column, or null.</returns>
    public Column? FindColumn(string name) => Columns.FirstOrDefault(column => column.Name == name);

    // No contract can name a column like this: the name of a column in a question ends at its first blank.
    private static Column KeyColumn(int index, string half) =>
        new() { Name = $"identifier {index} {half}", Kind = ColumnKind.Integer, Maximum = uint.MaxValue - 1L };
}

/// <summary>The type of a column's cells.</summary>
public enum ColumnKind
{
    /// <summary>One of the listed values.</summary>
    Category,

    /// <summary>0 or 1.</summary>
    Flag,

    /// <summary>A whole number within bounds.</summary>
    Integer,

    /// <summary>A decimal number within bounds, with a fixed number of places.</summary>
    Decimal,

    /// <summary>A day within bounds, written <c>2026-11-24</c>.</summary>
    Date,
}

/// <summary>
/// A typed column. A cell is stored as a code: 0 means empty; otherwise code - 1 + <see cref="Minimum"/> is the value (for a
/// decimal, the value times 10^<see cref="Places"/>; for a category, the index in <see cref="Values"/>; for a date, days since 1970-01-01).
/// </summary>
public sealed record Column
{
    /// <summary>Header of the column in the owner's file; for a column that is computed from events, only its name.</summary>
    public required string Name { get; init; }

    /// <summary>The name in reports for people; null for <see cref="Name"/>.</summary>
    public string? Label { get; init; }

    /// <summary>The unit or the currency of its values, for people; null for none.</summary>
    public string? Unit { get; init; }

    /// <summary>The type of the cells.</summary>
    public required ColumnKind Kind { get; init; }

    /// <summary>The values of a category in Unicode's form C, at most 65,534; empty for other kinds.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>The least value; 0 for categories and flags; scaled for decimals.</summary>
    public long Minimum { get; init; }

    /// <summary>The greatest value; scaled for decimals. Maximum - Minimum is at most 2^32 - 2.</summary>
    public required long Maximum { get; init; }

    /// <summary>Decimal places, 0 to 6; 0 for other kinds.</summary>
    public int Places { get; init; }

    /// <summary>Whether its owner lets questions filter and group by it.</summary>
    public bool Filter { get; init; }

    /// <summary>The only values that questions may name, when <see cref="Filter"/> is true; null for any.</summary>
    public IReadOnlyList<long>? OpenValues { get; init; }

    /// <summary>Whether its owner lets questions sum it.</summary>
    public bool Sum { get; init; }

    /// <summary>
    /// The most that one person adds to a sum, scaled like <see cref="Maximum"/>; larger values count as this one. Null means
    /// <see cref="Maximum"/>.
    /// </summary>
    public long? Cap { get; init; }

    /// <summary>For numbers: whether a cell with more places is rounded, half away from zero, instead of refused.</summary>
    public bool IsRounded { get; init; }

    /// <summary>For a category: the treatment of a cell with a value that <see cref="Values"/> does not list.</summary>
    public UnlistedValues Unlisted { get; init; }

    /// <summary>How the column is computed from events; null when the file has it.</summary>
    public Fold? Fold { get; init; }

    /// <summary>The greatest value that counts in a sum.</summary>
    public long GreatestInSum => Cap ?? Maximum;

    /// <summary>Whether a question may name this value.</summary>
    public bool IsOpen(long value) => Filter && (OpenValues is null || OpenValues.Contains(value));

    /// <summary>Bytes per stored code: 1, 2 or 4, little-endian.</summary>
    public int CodeSize => (Maximum - Minimum) switch { <= 0xFE => 1, <= 0xFFFE => 2, _ => 4 };
}
