using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Guardian.Documents;

/// <summary>
/// Reads the YAML documents that people write for Guardian, such as contracts and sessions: one document, maps with unique text keys, and
/// no anchors, aliases or tags, so that a person and the program read the same.
/// </summary>
public static class YamlDocument
{
    /// <summary>The largest document, in bytes. Contracts and sessions are a few kilobytes.</summary>
    public const int MaxSize = 1024 * 1024;

    // Deeper than any of our formats, shallow enough that recursion is safe on a small stack.
    private const int MaxDepth = 32;

    /// <summary>
    /// The most names, values, lists and maps where a format has no smaller bound. The largest contracts list 65,534 values for a column.
    /// </summary>
    public const int MaxNodes = 400_000;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Reads a document whose top is a map.</summary>
    /// <param name="utf8">The document as received, at most <see cref="MaxSize"/> bytes.</param>
    /// <param name="problems">Receives the mistakes.</param>
    /// <param name="maxNodes">
    /// The most names, values, lists and maps, each of which costs some microseconds; for documents that strangers send.
    /// </param>
    /// <returns>The top map, or null if the text is no YAML or no map. Never throws for any content.</returns>
    public static YamlMap? Read(ReadOnlySpan<byte> utf8, DocumentProblems problems, int maxNodes = MaxNodes)
    {
        ArgumentNullException.ThrowIfNull(problems);
        if (utf8.Length > MaxSize)
        {
            problems.Add(1, 1, $"the document has {utf8.Length} bytes; at most {MaxSize} are allowed");
            return null;
        }
        // Editors on Windows begin a file with a byte order mark (YAML 1.2, 5.2).
        var text = utf8.StartsWith(Encoding.UTF8.Preamble) ? utf8[Encoding.UTF8.Preamble.Length..] : utf8;
        try
        {
            return Read(StrictUtf8.GetString(text), problems, maxNodes);
        }
        catch (DecoderFallbackException failure)
        {
            var line = text[..failure.Index].Count((byte)'\n') + 1;
            problems.Add(line, 1, $"byte {failure.Index + utf8.Length - text.Length} is not UTF-8; save the document as UTF-8");
            return null;
        }
    }

    private static YamlMap? Read(string text, DocumentProblems problems, int maxNodes)
    {
        var scanner = new Scanner(new StringReader(text), skipComments: true);
        var parser = new BoundedParser(new Parser(scanner), problems, maxNodes);
        try
        {
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _))
            {
                problems.Add(1, 1, "the document is empty");
                return null;
            }
            var top = ReadNode(parser, 0);
            if (top is null)
            {
                return null;
            }
            parser.Consume<DocumentEnd>();
            if (parser.TryConsume<DocumentStart>(out var second))
            {
                problems.Add((int)second.Start.Line, (int)second.Start.Column, "only one document is allowed; remove the second ('---')");
                return null;
            }
            if (top is not YamlMap map)
            {
                top.Report($"the document must be a map, not {top.Kind}");
                return null;
            }
            return map;
        }
        catch (YamlException failure)
        {
            problems.Add((int)failure.Start.Line, (int)failure.Start.Column, $"not YAML: {failure.Message}");
            return null;
        }
        catch (Exception failure) when (failure is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // The scanner throws these for some control characters and broken indents.
            var (line, column) = ((int)scanner.CurrentPosition.Line, (int)scanner.CurrentPosition.Column);
            problems.Add(line, column, "not YAML: the text breaks off or is malformed here");
            return null;
        }
    }

    // Null means that reading cannot go on; the problem is already reported.
    private static YamlNode? ReadNode(BoundedParser parser, int depth)
    {
        var problems = parser.Problems;
        var node = parser.Consume<ParsingEvent>();
        var (line, column) = ((int)node.Start.Line, (int)node.Start.Column);
        if (!parser.CountNode())
        {
            problems.Add(line, column, $"the document has more than {parser.MaxNodes} names, values, lists and maps");
            return null;
        }
        if (node is AnchorAlias || node is NodeEvent { Anchor.IsEmpty: false } || node is NodeEvent { Tag.IsEmpty: false })
        {
            problems.Add(line, column, "anchors, aliases and tags are not allowed; write the value out");
            return null;
        }
        if (depth > MaxDepth)
        {
            problems.Add(line, column, $"nested more than {MaxDepth} deep");
            return null;
        }
        return node switch
        {
            Scalar scalar => new YamlText(problems, line, column, scalar.Value),
            SequenceStart => ReadList(parser, new YamlList(problems, line, column), depth),
            MappingStart => ReadMap(parser, new YamlMap(problems, line, column), depth),
            _ => throw new YamlException(node.Start, node.End, "unexpected end"),
        };
    }

    private static YamlList? ReadList(BoundedParser parser, YamlList list, int depth)
    {
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            if (ReadNode(parser, depth + 1) is not { } item)
            {
                return null;
            }
            list.MutableItems.Add(item);
        }
        return list;
    }

    private static YamlMap? ReadMap(BoundedParser parser, YamlMap map, int depth)
    {
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = ReadNode(parser, depth + 1);
            if (key is not YamlText name)
            {
                key?.Report("a name must be a single value");
                return null;
            }
            if (ReadNode(parser, depth + 1) is not { } value)
            {
                return null;
            }
            map.Add(name, value);
        }
        return map;
    }

    /// <summary>A parser whose document has a bound of nodes.</summary>
    private sealed class BoundedParser(Parser parser, DocumentProblems problems, int maxNodes) : IParser
    {
        private int count;

        public int MaxNodes => maxNodes;

        public DocumentProblems Problems => problems;

        public ParsingEvent? Current => parser.Current;

        public bool MoveNext() => parser.MoveNext();

        public bool CountNode() => ++count <= maxNodes;
    }
}
