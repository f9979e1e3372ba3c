using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Guardian.CleanRoom;

/// <summary>A question as the engine runs it.</summary>
/// <param name="DataSets">Those that take part, in the order of the contract.</param>
/// <param name="Filters">What a person has to satisfy.</param>
/// <param name="Cells">The columns that make the cells, with the stride each has in a cell's number.</param>
/// <param name="Measured">The column of a sum.</param>
internal sealed record CompiledQuestion(
    Question Question, IReadOnlyList<DataSet> DataSets, CompiledFilters Filters, IReadOnlyList<CellColumn> Cells, FoundColumn? Measured = null)
{
    /// <summary>Cells in all.</summary>
    public int CellCount => Cells.Aggregate(1, (count, cell) => count * cell.Size);

    /// <summary>
    /// Names question and versions: equal for the same question however its conditions were written or ordered, and on the same data.
    /// </summary>
    public string Key(IReadOnlyDictionary<string, DataVersion> versions)
    {
        var text = new StringBuilder().Append(Question.Kind).Append('|').AppendJoin(',', Question.By).Append('|').Append(Question.Column);
        foreach (var dataSet in DataSets)
        {
            text.Append(CultureInfo.InvariantCulture, $"|{dataSet.Name}={versions[dataSet.Name].Digest}");
        }
        text.Append('|').Append(Filters.Text);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}

/// <summary>A column of a crosstab.</summary>
internal sealed record CellColumn(DataSet DataSet, int Column, int Size, int Stride)
{
    /// <summary>The value that a cell's number has in this column.</summary>
    public long ValueOf(int cell) => (cell / Stride % Size) + DataSet.Columns[Column].Minimum;
}
