using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data.Ordering;

namespace Guardian.CleanRoom.Data.Linking;

/// <summary>
/// The columns of rows while they are linked: those of the data set, then for each pass the two halves of an identifier, then the four
/// parts of the tag of the row's person, and three marks.
/// </summary>
internal sealed class LinkFormat
{
    private const int PartsOfTag = 4;

    /// <param name="dataSet">The data set whose rows are linked, as the contract describes it.</param>
    /// <param name="passes">Passes in all.</param>
    /// <param name="hasColumns">Whether the rows keep the columns of the data set.</param>
    public LinkFormat(DataSet dataSet, int passes, bool hasColumns = true)
    {
        var own = hasColumns ? dataSet.Columns : [];
        FirstKey = own.Count;
        FirstHome = FirstKey + (2 * passes);
        Side = FirstHome + PartsOfTag;
        Rows = dataSet with
        {
            Identifiers = [dataSet.Identifier],
            Columns =
            [
                .. own,
                .. Enumerable.Repeat(
                new Column { Name = "half", Kind = ColumnKind.Integer, Maximum = uint.MaxValue - 1L }, Side - FirstKey),
                .. Enumerable.Repeat(new Column { Name = "mark", Kind = ColumnKind.Flag, Maximum = 1 }, 3),
            ],
        };
    }

    /// <summary>The rows as a data set of the same name.</summary>
    public DataSet Rows { get; }

    /// <summary>The column of the high half of the identifier of the first pass.</summary>
    public int FirstKey { get; }

    /// <summary>The first of the four columns of the person's tag.</summary>
    public int FirstHome { get; }

    /// <summary>The column that says whose row it is: <see cref="LinkColumns.OfDataSet"/>, <see cref="LinkColumns.OfPersons"/>, or 0 for
    /// none.</summary>
    public int Side { get; }

    /// <summary>The column that says whether the row can be linked in the current pass.</summary>
    public int Eligible => Side + 1;

    /// <summary>The column that says whether the row was linked.</summary>
    public int Linked => Side + 2;

    /// <summary>The columns by which rows are linked.</summary>
    public LinkColumns Links => new(FirstHome, PartsOfTag, Eligible, Linked);
}
