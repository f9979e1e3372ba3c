using System.Text;

namespace Guardian.Cli.Sessions;

/// <summary>Changes of a text that leave everything else of it as it is.</summary>
internal sealed class TextEdits
{
    private readonly List<(int Start, int End, string Text)> edits = [];

    /// <summary>Whether there is no change.</summary>
    public bool IsEmpty => edits.Count == 0;

    /// <summary>Replaces a part of the text. Parts must not overlap.</summary>
    public void Replace(int start, int end, string text) => edits.Add((start, end, text));

    /// <summary>Inserts text.</summary>
    public void Insert(int index, string text) => Replace(index, index, text);

    /// <summary>Makes the changed text.</summary>
    public string Apply(string text)
    {
        var result = new StringBuilder();
        var from = 0;
        foreach (var (start, end, replacement) in edits.OrderBy(edit => edit.Start))
        {
            result.Append(text, from, start - from).Append(replacement);
            from = end;
        }
        return result.Append(text, from, text.Length - from).ToString();
    }
}
