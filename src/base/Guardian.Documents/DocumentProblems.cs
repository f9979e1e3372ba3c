using Guardian.Refusals;

namespace Guardian.Documents;

/// <summary>All mistakes in one document. Not thread-safe.</summary>
public sealed class DocumentProblems
{
    // Bounds the memory and the output for a document that consists only of mistakes.
    private const int MaxProblems = 100;
    private readonly List<DocumentProblem> problems = [];
    private bool anyForStored;

    /// <summary>The problems by line, then column; at most 100.</summary>
    public IReadOnlyList<DocumentProblem> Items =>
        [.. problems.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column)];

    /// <summary>Whether there is any problem.</summary>
    public bool Any => problems.Count > 0;

    /// <summary>Whether no more problems are kept, so that their messages need not be made.</summary>
    internal bool IsFull => problems.Count >= MaxProblems;

    /// <summary>Whether there is any problem for which a document that an earlier release accepted is refused as well.</summary>
    public bool AnyForStored => anyForStored;

    /// <summary>Adds a problem at a position in the text.</summary>
    /// <param name="line">The line, from 1.</param>
    /// <param name="column">The column, from 1.</param>
    /// <param name="message">The mistake and how to fix it, lower case, without full stop.</param>
    public void Add(int line, int column, string message)
    {
        anyForStored = true;
        AddForNew(line, column, message);
    }

    /// <summary>Adds a problem that earlier releases accepted: a document that one of them stored may have it.</summary>
    /// <param name="line">The line, from 1.</param>
    /// <param name="column">The column, from 1.</param>
    /// <param name="message">The mistake and how to fix it, lower case, without full stop.</param>
    public void AddForNew(int line, int column, string message)
    {
        if (!IsFull)
        {
            problems.Add(new DocumentProblem(line, column, message));
        }
    }

    /// <summary>Converts the problems to one refusal, with a line for each problem and the location of the first.</summary>
    /// <param name="detail">The document that is wrong, for people, for example <c>the session has mistakes</c>.</param>
    /// <param name="path">The document's file, which then begins each line; null when there is none.</param>
    /// <exception cref="InvalidOperationException">There is no problem.</exception>
    public Refusal ToRefusal(string detail, string? path = null)
    {
        var items = Items;
        if (items.Count == 0)
        {
            throw new InvalidOperationException("the document has no problem");
        }
        var location = new RefusalLocation(path, items[0].Line, items[0].Column);
        return DocumentReasons.BadDocument.Because(detail, location) with
        {
            Problems = [.. items.Select(problem => path is null ? problem.ToString() : $"{path}:{problem}")],
        };
    }
}
