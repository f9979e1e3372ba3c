namespace Guardian.Cli.Sessions.Scone;

/// <summary>The effect of a change that a translation made.</summary>
internal enum SconeChange
{
    /// <summary>It means the same here.</summary>
    Same,

    /// <summary>It accepts less, or protects more, than in SCONE.</summary>
    Stricter,

    /// <summary>SCONE's form was without protection; the note says what stands here now.</summary>
    Unsafe,

    /// <summary>A person must decide: the line stays as it is, and the session is not valid until then.</summary>
    Open,
}

/// <summary>A note about one line.</summary>
/// <param name="Line">The line in SCONE's session, from 1.</param>
/// <param name="Change">The effect.</param>
/// <param name="Text">What changed, or must be done.</param>
internal sealed record SconeNote(int Line, SconeChange Change, string Text);

/// <summary>Collects the notes of a translation, and writes each as a comment before the line that it is about.</summary>
internal sealed class SconeNotes
{
    private readonly List<SconeNote> notes = [];

    /// <summary>The notes in the order of SCONE's session.</summary>
    public IReadOnlyList<SconeNote> All => [.. notes.OrderBy(note => note.Line)];

    /// <summary>Notes a change at a member or entry.</summary>
    public void Add(DraftEntry entry, SconeChange change, string text)
    {
        // The text may quote the session, and must stay one comment.
        var line = string.Concat(
            text.Select(character => char.IsControl(character) || character is '\u2028' or '\u2029' ? '?' : character));
        notes.Add(new SconeNote(entry.Value?.Line ?? 0, change, line));
        entry.Before.Add($"# from-scone, {WordOf(change)}: {line}");
    }

    /// <summary>Removes a member, and leaves a comment in its place.</summary>
    public void Remove(DraftEntry entry, SconeChange change, string text)
    {
        Add(entry, change, text);
        (entry.Value, entry.After) = (null, null);
    }

    /// <summary>The word for an effect in comments and on the terminal.</summary>
    public static string WordOf(SconeChange change) => change switch
    {
        SconeChange.Same => "same",
        SconeChange.Stricter => "stricter",
        SconeChange.Unsafe => "UNSAFE",
        _ => "DECIDE",
    };
}
