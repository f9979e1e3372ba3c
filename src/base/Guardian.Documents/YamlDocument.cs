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

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Reads a document whose top is a map.</summary>
    /// <param name="utf8">The document as received, at most <see cref="MaxSize"/> bytes.</param>
    /// <param name="problems">Receives the mistakes.</param>
    /// <returns>The top map, or null if the text is no YAML or no map. Never throws for any content.</returns>
    public static YamlMap? Read(ReadOnlySpan<byte> utf8, DocumentProblems problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        if (utf8.Length > MaxSize)
        {
            problems.Add(1, 1, $"the document has {utf8.Length} bytes; at most {MaxSize} are allowed");
            return null;
        }
        try
        {
            return Read(StrictUtf8.GetString(utf8), problems);
        }
        catch (DecoderFallbackException failure)
        {
            var line = utf8[..failure.Index].Count((byte)'\n') + 1;
            problems.Add(line, 1, $"byte {failure.Index} is not UTF-8; save the document as UTF-8");
            return null;
        }
    }

    private static YamlMap? Read(string text, DocumentProblems problems)
    {
        var scanner = new Scanner(new StringReader(text), skipComments: true);
        var parser = new Parser(scanner);
        try
        {
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _))
            {
                problems.Add(1, 1, "the document is empty");
                return null;
            }
            var top = ReadNode(parser, problems, 0);
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
    private static YamlNode? ReadNode(Parser parser, DocumentProblems problems, int depth)
    {
        var node = parser.Consume<ParsingEvent>();
        var (line, column) = ((int)node.Start.Line, (int)node.Start.Column);
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

    private static YamlList? ReadList(Parser parser, YamlList list, int depth)
    {
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            if (ReadNode(parser, list.Problems, depth + 1) is not { } item)
            {
                return null;
            }
            list.MutableItems.Add(item);
        }
        return list;
    }

    private static YamlMap? ReadMap(Parser parser, YamlMap map, int depth)
    {
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = ReadNode(parser, map.Problems, depth + 1);
            if (key is not YamlText name)
            {
                key?.Report("a name must be a single value");
                return null;
            }
            if (ReadNode(parser, map.Problems, depth + 1) is not { } value)
            {
                return null;
            }
            map.Add(name, value);
        }
        return map;
    }
}
