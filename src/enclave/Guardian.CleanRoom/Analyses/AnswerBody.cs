namespace Guardian.CleanRoom.Analyses;

/// <summary>The result of an analysis: one of the records that derive from it.</summary>
public abstract record AnswerBody
{
    private protected AnswerBody()
    {
    }
}

/// <summary>
/// No result: a privacy rule withholds it. The statement is signed like one with a result, and has the same size, so that nobody outside
/// sees which of both it is.
/// </summary>
/// <param name="Reason">The code of the reason; always <c>below-minimum-audience</c>.</param>
/// <param name="Detail">The rules, for people. It does not say which of them withheld the result.</param>
public sealed record WithheldResult(string Reason, string Detail) : AnswerBody;

/// <summary>The number of persons in all data sets.</summary>
/// <param name="Persons">Persons in all data sets who satisfy the filters.</param>
public sealed record OverlapResult(long Persons) : AnswerBody;

/// <summary>Numbers of persons by the values of one or two columns.</summary>
/// <param name="By">The columns, each <c>dataset.column</c>.</param>
/// <param name="Cells">One for each combination of values; the values of the last column change fastest.</param>
/// <param name="SuppressedCells">The number of withheld cells.</param>
public sealed record CrosstabResult(IReadOnlyList<string> By, IReadOnlyList<CrosstabCell> Cells, int SuppressedCells) : AnswerBody;

/// <summary>A cell of a crosstab.</summary>
/// <param name="Values">A value of each column.</param>
/// <param name="Persons">Null when the cell is withheld: it is too small, or would disclose one that is.</param>
public sealed record CrosstabCell(IReadOnlyList<string> Values, long? Persons);

/// <summary>The sum of a column over matched persons.</summary>
/// <param name="Column">The column, <c>dataset.column</c>.</param>
/// <param name="Persons">The number of these persons.</param>
/// <param name="Sum">The sum, to which each person adds at most <paramref name="Cap"/>.</param>
/// <param name="Mean">The sum over the number of persons.</param>
/// <param name="Cap">The most that one person adds.</param>
/// <param name="Margin">95 % of all sums are within this of the truth, by noise alone; null for exact figures.</param>
public sealed record SumResult(string Column, long Persons, double Sum, double Mean, double Cap, double? Margin) : AnswerBody;

/// <summary>The numbers of persons by how often a campaign reached them.</summary>
/// <param name="Column">The column with the frequency, <c>dataset.column</c>.</param>
/// <param name="Persons">Persons in all data sets who satisfy the filters.</param>
/// <param name="Reached">Those of them who were reached at least once.</param>
/// <param name="Frequencies">Persons by frequency.</param>
/// <param name="AverageFrequency">
/// Contacts per person reached, where the last class counts with its lower bound; null when a class is withheld.
/// </param>
public sealed record ReachResult(
    string Column, long Persons, long Reached, IReadOnlyList<FrequencyClass> Frequencies, double? AverageFrequency) : AnswerBody;

/// <summary>The persons of one frequency.</summary>
/// <param name="Times">The frequency; for the last class, its lower bound.</param>
/// <param name="OrMore">Whether higher frequencies are included.</param>
/// <param name="Persons">Null when the class is withheld.</param>
public sealed record FrequencyClass(int Times, bool OrMore, long? Persons);

/// <summary>The figures of a program.</summary>
/// <param name="Program">Its name in the contract.</param>
/// <param name="Digest">SHA-256 of the module, lower-case hex.</param>
/// <param name="Persons">Persons in all data sets who satisfy the filters; each was given to the program.</param>
/// <param name="Outputs">Its outputs, in the order of the contract.</param>
public sealed record ProgramResult(string Program, string Digest, long Persons, IReadOnlyList<ProgramFigures> Outputs) : AnswerBody;

/// <summary>An output of a program.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Cap">The most that one person adds to all of its figures together.</param>
/// <param name="Margin">95 % of its figures are within this of the truth, by noise alone.</param>
/// <param name="Cells">Its figures.</param>
public sealed record ProgramFigures(string Name, double Cap, double Margin, IReadOnlyList<ProgramCell> Cells);

/// <summary>A figure of a program.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Null when it is withheld: too few persons may have added to it.</param>
public sealed record ProgramCell(string Name, double? Value);

/// <summary>A list of matched persons.</summary>
/// <param name="DataSet">The data set whose tags are listed.</param>
/// <param name="Persons">The number of persons.</param>
/// <param name="Tags">14 bytes for each person, ascending, base64; padded with 14 bytes of FF, so that its size is public.</param>
public sealed record ActivationResult(string DataSet, long Persons, byte[] Tags) : AnswerBody;
