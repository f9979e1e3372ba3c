using Guardian.Documents;

namespace Guardian.Cli.Sessions;

/// <summary>A node of a document that is rewritten.</summary>
/// <param name="Line">The line in the text that it comes from; 0 for a new node.</param>
internal abstract record DraftNode(int Line);

/// <summary>A single value.</summary>
internal sealed record DraftText(int Line, string Value) : DraftNode(Line);

/// <summary>A list.</summary>
/// <param name="IsFlow">Whether it is written in brackets.</param>
/// <param name="Items">The entries, with their comments; an entry without a value is a comment alone.</param>
internal sealed record DraftList(int Line, bool IsFlow, List<DraftEntry> Items) : DraftNode(Line);

/// <summary>A map.</summary>
/// <param name="IsFlow">Whether it is written in brackets.</param>
/// <param name="Members">The members, with their comments; a member without a value is a comment alone.</param>
internal sealed record DraftMap(int Line, bool IsFlow, List<DraftEntry> Members) : DraftNode(Line)
{
    /// <summary>Finds a member; null when there is none.</summary>
    public DraftEntry? Find(string name) => Members.FirstOrDefault(member => member.Key == name && member.Value is not null);

    /// <summary>Finds the text of a member; null when there is none, or when it is a list or map.</summary>
    public string? FindText(string name) => (Find(name)?.Value as DraftText)?.Value;

    /// <summary>Finds the maps in a member that is a list of maps, or one map.</summary>
    public IEnumerable<DraftMap> Maps(string name) => Find(name)?.Value switch
    {
        DraftList list => list.Items.Select(item => item.Value).OfType<DraftMap>(),
        DraftMap map => [map],
        _ => [],
    };
}

/// <summary>A member of a map, or an entry of a list.</summary>
internal sealed class DraftEntry
{
    /// <summary>The member's name; null in a list.</summary>
    public string? Key { get; set; }

    /// <summary>The value; null for a comment alone.</summary>
    public DraftNode? Value { get; set; }

    /// <summary>The comments on lines before it, each from <c>#</c>.</summary>
    public List<string> Before { get; } = [];

    /// <summary>The comment at the end of its first line.</summary>
    public string? After { get; set; }
}

/// <summary>Makes a draft of a text with its comments.</summary>
internal sealed class DraftReader
{
    private readonly Queue<YamlComment> comments;

    private DraftReader(YamlLayout layout) => comments = new Queue<YamlComment>(layout.ReadComments());

    /// <summary>Reads the whole document.</summary>
    /// <returns>The map at the top, and the comments after its last line.</returns>
    public static (DraftMap Top, IReadOnlyList<string> End) Read(YamlLayout layout)
    {
        var reader = new DraftReader(layout);
        var top = (DraftMap)reader.Read(layout.Top);
        return (top, [.. reader.comments.Select(comment => comment.Text)]);
    }

    private DraftNode Read(YamlPlace place) => place switch
    {
        { Value: { } text } => new DraftText(place.Line, text),
        { Items: { } items } => new DraftList(place.Line, place.IsFlow, [.. items.Select(item => ReadEntry(null, item))]),
        _ => new DraftMap(
            place.Line, place.IsFlow, [.. place.Members!.Select(member => ReadEntry(member.Key, member.Value))]),
    };

    private DraftEntry ReadEntry(YamlPlace? key, YamlPlace value)
    {
        var entry = new DraftEntry { Key = key?.Value };
        var line = (key ?? value).Line;
        while (comments.TryPeek(out var comment) && comment.Line < line)
        {
            entry.Before.Add(comments.Dequeue().Text);
        }
        if (comments.TryPeek(out var same) && same.Line == line && value.Value is not null)
        {
            entry.After = comments.Dequeue().Text;
        }
        entry.Value = Read(value);
        return entry;
    }
}
