using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;

namespace Guardian.CleanRoom.Analyses;

/// <summary>
/// Writes the sets of an answer into its record, and finds their terms again: a set is some cells of some data sets of the question. Its
/// text has the same size whatever the cells are.
/// </summary>
/// <param name="contract">The contract.</param>
internal sealed class RecordedSets(RoomContract contract)
{
    private readonly QuestionCompiler compiler = new(contract);

    /// <summary>Completes the sets of a record with their terms. A set that the contract no longer explains stays without.</summary>
    /// <param name="question">The question.</param>
    /// <param name="versions">Public name of the version of each data set.</param>
    /// <param name="sets">The sets.</param>
    public IEnumerable<PersonSet> Complete(
        Question question, IReadOnlyDictionary<string, string> versions, IReadOnlyList<PersonSet> sets)
    {
        if (sets.Count == 0 || compiler.Compile(question).Value is not { } compiled)
        {
            return sets;
        }
        return sets.Select(set => set with
        {
            Terms = (compiled with
            {
                DataSets = [.. compiled.DataSets.Where(dataSet => (set.Sides & MaskOf(dataSet)) != 0)],
            }).TermsOf(versions, Read(set.Cells), contract.DataSets),
        });
    }

    /// <summary>Makes the widest set of a question.</summary>
    public static PersonSet Widest(int cells, SketchLayout sketch) => new(
        new SetSketch(new ulong[sketch.WordCount]), new string('0', 2 * System.Security.Cryptography.SHA256.HashSizeInBytes), byte.MaxValue,
        Write(cells, []));

    /// <summary>Writes data sets as a bit for each, by their place in the contract.</summary>
    public int Mask(IEnumerable<DataSet> dataSets) => dataSets.Sum(MaskOf);

    /// <summary>Writes cells as a bit for each, in base64.</summary>
    public static string Write(int count, IEnumerable<int> cells)
    {
        var bits = new byte[(count + 7) / 8];
        foreach (var cell in cells)
        {
            bits[cell / 8] |= (byte)(1 << (cell % 8));
        }
        return Convert.ToBase64String(bits);
    }

    private int MaskOf(DataSet dataSet) => 1 << contract.DataSets.ToList().IndexOf(dataSet);

    private static List<int> Read(string cells)
    {
        var bits = Convert.FromBase64String(cells);
        return [.. Enumerable.Range(0, 8 * bits.Length).Where(cell => (bits[cell / 8] & (1 << (cell % 8))) != 0)];
    }
}
