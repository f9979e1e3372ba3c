namespace Guardian.Documents;

/// <summary>A node of a document with its position in the text.</summary>
public abstract class YamlNode
{
    private protected YamlNode(DocumentProblems problems, int line, int column)
    {
        Problems = problems;
        Line = line;
        Column = column;
    }

    /// <summary>The line where the node starts, from 1.</summary>
    public int Line { get; }

    /// <summary>The column where the node starts, from 1.</summary>
    public int Column { get; }

    internal DocumentProblems Problems { get; }

    internal abstract string Kind { get; }

    /// <summary>Reports a problem at this node's position.</summary>
    /// <param name="message">The mistake and how to fix it, lower case, without full stop.</param>
    public void Report(string message) => Problems.Add(Line, Column, message);

    /// <summary>Reports a problem that earlier releases accepted: a document that one of them stored may have it.</summary>
    /// <param name="message">The mistake and how to fix it, lower case, without full stop.</param>
    public void ReportForNew(string message) => Problems.AddForNew(Line, Column, message);
}

/// <summary>A scalar, always as the text of the document.</summary>
public sealed class YamlText : YamlNode
{
    internal YamlText(DocumentProblems problems, int line, int column, string value) : base(problems, line, column) => Value = value;

    /// <summary>The scalar's text.</summary>
    public string Value { get; }

    internal override string Kind => "a single value";
}

/// <summary>A list.</summary>
public sealed class YamlList : YamlNode
{
    internal YamlList(DocumentProblems problems, int line, int column) : base(problems, line, column)
    {
    }

    /// <summary>The entries in order.</summary>
    public IReadOnlyList<YamlNode> Items => MutableItems;

    internal List<YamlNode> MutableItems { get; } = [];

    internal override string Kind => "a list";
}
