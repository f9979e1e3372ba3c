using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data.Ordering;

namespace Guardian.CleanRoom.Data.Linking;

/// <summary>
/// The columns of rows while they are linked: those of the data set, then the tag of the row's person, then for each pass to come the two
/// halves of an identifier, and three marks. An identifier is left out as soon as rows are sorted by it, because sorting moves every
/// column.
/// </summary>
internal sealed class LinkFormat
{
    // 16, 32 and 32 bits: as many as two rows of a data set need to differ at a question (Elements.PayloadBits), and 16 to spare.
    private const int PartsOfTag = 3;

    private readonly DataSet dataSet;
    private readonly int passes;
    private readonly int firstPass;

    /// <summary>The columns before the first pass.</summary>
    /// <param name="dataSet">The data set whose rows are linked, as the contract describes it.</param>
    /// <param name="passes">Passes in all.</param>
    /// <param name="hasRows">Whether the rows keep the columns of the data set and the tag of their person.</param>
    public LinkFormat(DataSet dataSet, int passes, bool hasRows = true) : this(dataSet, passes, hasRows, firstPass: 0)
    {
    }

    private LinkFormat(DataSet dataSet, int passes, bool hasRows, int firstPass)
    {
        (this.dataSet, this.passes, this.firstPass, HasRows) = (dataSet, passes, firstPass, hasRows);
        FirstHome = hasRows ? dataSet.Columns.Count : 0;
        FirstKey = FirstHome + (hasRows ? PartsOfTag : 0);
        Side = FirstKey + (2 * (passes - firstPass));
        Rows = dataSet with
        {
            Identifiers = [dataSet.Identifier],
            Columns =
            [
                .. dataSet.Columns.Take(FirstHome),
                .. Enumerable.Repeat(Integer(ushort.MaxValue), FirstKey == FirstHome ? 0 : 1),
                .. Enumerable.Repeat(Integer(uint.MaxValue), Math.Max(0, Side - FirstHome - (hasRows ? 1 : 0))),
                .. Enumerable.Repeat(new Column { Name = "mark", Kind = ColumnKind.Flag, Maximum = 1 }, 3),
            ],
        };
    }

    /// <summary>The rows as a data set of the same name.</summary>
    public DataSet Rows { get; }

    /// <summary>Whether the rows have the columns of the data set and the tag of their person.</summary>
    public bool HasRows { get; }

    /// <summary>Whether passes are to come.</summary>
    public bool HasKeys => firstPass < passes;

    /// <summary>The first of the three columns of the person's tag; before it are the columns of the data set.</summary>
    public int FirstHome { get; }

    /// <summary>The column that says whose row it is: <see cref="LinkColumns.OfDataSet"/>, <see cref="LinkColumns.OfPersons"/>, or 0 for
    /// none.</summary>
    public int Side { get; }

    /// <summary>The column that says whether the row can be linked in the current pass.</summary>
    public int Eligible => Side + 1;

    /// <summary>The column that says whether the row was linked.</summary>
    public int Linked => Side + 2;

    /// <summary>The columns by which rows are linked.</summary>
    public LinkColumns Links => new(FirstHome, FirstKey - FirstHome, Eligible, Linked);

    /// <summary>The first column of identifiers.</summary>
    public int FirstKey { get; }

    /// <summary>The column of the high half of the identifier of a pass to come; the low half is the next one.</summary>
    public int KeyOf(int pass) => FirstKey + (2 * (pass - firstPass));

    /// <summary>The columns of rows that are sorted by the identifier of a pass.</summary>
    public LinkFormat Sorted(int pass) => new(dataSet, passes, HasRows, pass + 1);

    private static Column Integer(uint codes) => new() { Name = "part", Kind = ColumnKind.Integer, Maximum = codes - 1L };
}
