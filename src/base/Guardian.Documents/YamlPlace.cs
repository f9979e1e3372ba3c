namespace Guardian.Documents;

/// <summary>The way in which a text is written in a document.</summary>
public enum YamlTextStyle
{
    /// <summary>Without quotes.</summary>
    Plain,

    /// <summary>In single or double quotes.</summary>
    Quoted,

    /// <summary>As an indented block after <c>|</c> or <c>&gt;</c>.</summary>
    Block,
}

/// <summary>A node of a document and its place in the text, for tools that edit the text and keep the rest as it is. Immutable.</summary>
public sealed class YamlPlace
{
    internal YamlPlace(int start, int end, int line, int column) => (Start, End, Line, Column) = (start, end, line, column);

    /// <summary>The index of the node's first character in the text, in UTF-16 code units.</summary>
    public int Start { get; }

    /// <summary>The index after the node's last character, in UTF-16 code units. A block ends after its last line.</summary>
    public int End { get; }

    /// <summary>The line where the node starts, from 1.</summary>
    public int Line { get; }

    /// <summary>The column where the node starts, from 1.</summary>
    public int Column { get; }

    /// <summary>The text of a single value; null for lists and maps.</summary>
    public string? Value { get; internal init; }

    /// <summary>The way in which a single value is written.</summary>
    public YamlTextStyle Style { get; internal init; }

    /// <summary>Whether a list or map is written in brackets.</summary>
    public bool IsFlow { get; internal init; }

    /// <summary>The entries of a list in order; null for other nodes.</summary>
    public IReadOnlyList<YamlPlace>? Items { get; internal init; }

    /// <summary>The members of a map in order; null for other nodes.</summary>
    public IReadOnlyList<YamlMember>? Members { get; internal init; }

    /// <summary>Finds the value of a member; null when there is none, and for other nodes than maps.</summary>
    /// <param name="name">The member's name.</param>
    public YamlPlace? Find(string name) => Members?.FirstOrDefault(member => member.Key.Value == name)?.Value;
}

/// <summary>A member of a map.</summary>
/// <param name="Key">The name.</param>
/// <param name="Value">The value.</param>
public sealed record YamlMember(YamlPlace Key, YamlPlace Value);

/// <summary>A comment.</summary>
/// <param name="Line">Its line, from 1.</param>
/// <param name="Text">From <c>#</c> to the end of the line, without white space at the end.</param>
/// <param name="IsAlone">Whether nothing else is on the line.</param>
public sealed record YamlComment(int Line, string Text, bool IsAlone);
