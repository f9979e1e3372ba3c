using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Guardian.Documents;

/// <summary>The text of a document with the places of its nodes and comments. Immutable.</summary>
public sealed class YamlLayout
{
    private YamlLayout(string text, YamlPlace top) => (Text, Top) = (text, top);

    /// <summary>The text as it was read.</summary>
    public string Text { get; }

    /// <summary>The map at the top.</summary>
    public YamlPlace Top { get; }

    /// <summary>Reads a document that <see cref="YamlDocument.Read(ReadOnlySpan{byte}, DocumentProblems, int)"/> accepts.</summary>
    /// <param name="text">The document, at most <see cref="YamlDocument.MaxSize"/> bytes as UTF-8.</param>
    /// <param name="problems">Receives the mistakes.</param>
    /// <returns>The layout, or null if the text is no YAML or no map. Never throws for any content.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="text"/> is null.</exception>
    public static YamlLayout? Read(string text, DocumentProblems problems)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (YamlDocument.Read(Encoding.UTF8.GetBytes(text), problems) is null)
        {
            return null;
        }
        // The reader counts from the first character after a byte order mark.
        var offset = text.StartsWith('\uFEFF') ? 1 : 0;
        try
        {
            var parser = new Parser(new Scanner(new StringReader(text[offset..]), skipComments: true));
            parser.Consume<StreamStart>();
            parser.Consume<DocumentStart>();
            return new YamlLayout(text, ReadNode(parser, offset));
        }
        catch (Exception failure) when (failure is YamlException or InvalidOperationException or ArgumentException
            or IndexOutOfRangeException)
        {
            problems.Add(1, 1, "not YAML");
            return null;
        }
    }

    /// <summary>Finds all comments, in the order of the text.</summary>
    public IReadOnlyList<YamlComment> ReadComments()
    {
        var texts = new List<YamlPlace>();
        CollectTexts(Top, texts);
        var comments = new List<YamlComment>();
        var (line, lineStart, next) = (1, 0, 0);
        for (var index = 0; index < Text.Length; index++)
        {
            while (next < texts.Count && texts[next].End <= index)
            {
                next++;
            }
            if (Text[index] == '\n')
            {
                (line, lineStart) = (line + 1, index + 1);
            }
            else if (Text[index] == '#' && (index == lineStart || Text[index - 1] is ' ' or '\t')
                && (next == texts.Count || index < texts[next].Start))
            {
                var end = Text.IndexOf('\n', index) is >= 0 and var found ? found : Text.Length;
                comments.Add(new YamlComment(line, Text[index..end].TrimEnd(), string.IsNullOrWhiteSpace(Text[lineStart..index])));
                index = end - 1;
            }
        }
        return comments;
    }

    // The depth is bounded: the document was read before.
    private static YamlPlace ReadNode(Parser parser, int offset)
    {
        var start = parser.Consume<ParsingEvent>();
        var (from, to) = ((int)start.Start.Index + offset, (int)start.End.Index + offset);
        var (line, column) = ((int)start.Start.Line, (int)start.Start.Column);
        switch (start)
        {
            case Scalar scalar:
                return new YamlPlace(from, to, line, column) { Value = scalar.Value, Style = StyleOf(scalar.Style) };
            case SequenceStart list:
                var items = new List<YamlPlace>();
                while (!parser.Accept<SequenceEnd>(out _))
                {
                    items.Add(ReadNode(parser, offset));
                }
                var listEnd = parser.Consume<SequenceEnd>();
                var isFlowList = list.Style == SequenceStyle.Flow;
                var endOfList = isFlowList ? (int)listEnd.Start.Index + 1 + offset : items.Count > 0 ? items[^1].End : to;
                return new YamlPlace(from, endOfList, line, column) { Items = items, IsFlow = isFlowList };
            case MappingStart map:
                var members = new List<YamlMember>();
                while (!parser.Accept<MappingEnd>(out _))
                {
                    var key = ReadNode(parser, offset);
                    members.Add(new YamlMember(key, ReadNode(parser, offset)));
                }
                var mapEnd = parser.Consume<MappingEnd>();
                var isFlowMap = map.Style == MappingStyle.Flow;
                var endOfMap = isFlowMap ? (int)mapEnd.Start.Index + 1 + offset : members.Count > 0 ? members[^1].Value.End : to;
                return new YamlPlace(from, endOfMap, line, column) { Members = members, IsFlow = isFlowMap };
            default:
                throw new YamlException(start.Start, start.End, "unexpected end");
        }
    }

    private static YamlTextStyle StyleOf(ScalarStyle style) => style switch
    {
        ScalarStyle.SingleQuoted or ScalarStyle.DoubleQuoted => YamlTextStyle.Quoted,
        ScalarStyle.Literal or ScalarStyle.Folded => YamlTextStyle.Block,
        _ => YamlTextStyle.Plain,
    };

    private static void CollectTexts(YamlPlace node, List<YamlPlace> texts)
    {
        if (node.Value is not null)
        {
            texts.Add(node);
        }
        foreach (var item in node.Items ?? [])
        {
            CollectTexts(item, texts);
        }
        foreach (var (key, value) in node.Members ?? [])
        {
            CollectTexts(key, texts);
            CollectTexts(value, texts);
        }
    }
}
