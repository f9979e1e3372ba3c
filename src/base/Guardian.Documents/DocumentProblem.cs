namespace Guardian.Documents;

/// <summary>One thing wrong with a document that a person wrote.</summary>
/// <param name="Line">Line of the offending text, from 1.</param>
/// <param name="Column">Column of the offending text, from 1.</param>
/// <param name="Message">What is wrong and how to mend it, lower case, without full stop.</param>
public sealed record DocumentProblem(int Line, int Column, string Message)
{
    /// <returns><c>line:column: message</c>, as compilers write it.</returns>
    public override string ToString() => $"{Line}:{Column}: {Message}";
}

/// <summary>Everything wrong with one document, in the order it stands there. Not thread-safe.</summary>
public sealed class DocumentProblems
{
    // A document of nothing but mistakes costs us no more than this many messages.
    private const int MaxProblems = 100;
    private readonly List<DocumentProblem> problems = [];

    /// <summary>The problems by line, then column.</summary>
    public IReadOnlyList<DocumentProblem> Items =>
        [.. problems.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column)];

    /// <summary>Whether anything was reported.</summary>
    public bool Any => problems.Count > 0;

    /// <summary>Adds a problem at a place in the text.</summary>
    public void Add(int line, int column, string message)
    {
        if (problems.Count < MaxProblems)
        {
            problems.Add(new DocumentProblem(line, column, message));
        }
    }
}
