using System.Text;
using Guardian.Documents;

namespace Guardian.Cli.Sessions;

/// <summary>Writes drafts as YAML that people read: two columns for each level, short lists in brackets.</summary>
internal sealed class DraftWriter
{
    private const int MaxFlowWidth = 110;

    private readonly StringBuilder text = new();

    /// <summary>Writes a document.</summary>
    /// <param name="end">Comments after the last line.</param>
    public static string Write(DraftMap top, IReadOnlyList<string> end)
    {
        var writer = new DraftWriter();
        writer.WriteMembers(top, 0);
        foreach (var comment in end)
        {
            writer.text.Append(comment).Append('\n');
        }
        return writer.text.ToString();
    }

    /// <summary>Whether a text that was read has the values of a draft, and no others.</summary>
    public static bool IsSame(DraftNode draft, YamlPlace read) => draft switch
    {
        DraftText text => text.Value == read.Value,
        DraftList list => list.Items.FindAll(item => item.Value is not null) is var items && read.Items?.Count == items.Count
            && items.Zip(read.Items).All(pair => IsSame(pair.First.Value!, pair.Second)),
        DraftMap map => map.Members.FindAll(member => member.Value is not null) is var members && read.Members?.Count == members.Count
            && members.Zip(read.Members).All(
                pair => pair.First.Key == pair.Second.Key.Value && IsSame(pair.First.Value!, pair.Second.Value)),
        _ => false,
    };

    private void WriteMembers(DraftMap map, int indent)
    {
        foreach (var member in map.Members)
        {
            WriteComments(member, indent);
            if (member.Value is { } value)
            {
                Indent(indent).Append(YamlTexts.Write(member.Key!, isFlow: true)).Append(':');
                WriteValue(value, member.After, indent + 2);
            }
        }
    }

    private void WriteItems(DraftList list, int indent)
    {
        foreach (var item in list.Items)
        {
            WriteComments(item, indent);
            switch (item.Value)
            {
                case null:
                    break;
                case DraftMap map when TryWriteFlow(map) is null && map.Members.Find(member => member.Value is not null) is { } first:
                    // The first member stands behind the hyphen.
                    var rest = new DraftMap(0, false, [.. map.Members.SkipWhile(member => member != first).Skip(1)]);
                    foreach (var comment in map.Members.TakeWhile(member => member != first).Append(first).SelectMany(each => each.Before))
                    {
                        Indent(indent).Append(comment).Append('\n');
                    }
                    Indent(indent).Append("- ").Append(YamlTexts.Write(first.Key!, isFlow: true)).Append(':');
                    WriteValue(first.Value!, first.After, indent + 4);
                    WriteMembers(rest, indent + 2);
                    break;
                case DraftList { Items.Count: > 0 } inner when TryWriteFlow(inner) is null:
                    Indent(indent).Append("-\n");
                    WriteItems(inner, indent + 2);
                    break;
                default:
                    Indent(indent).Append('-');
                    WriteValue(item.Value, item.After, indent + 2);
                    break;
            }
        }
    }

    private void WriteValue(DraftNode value, string? comment, int inner)
    {
        var after = comment is null ? "" : $" {comment}";
        switch (value)
        {
            case DraftText { Value: var single }:
                var block = YamlTexts.TryWriteBlock(single, inner);
                text.Append(' ').Append(block ?? YamlTexts.Write(single, isFlow: false)).Append(block is null ? after : "").Append('\n');
                break;
            case var _ when TryWriteFlow(value) is { } flow:
                text.Append(' ').Append(flow).Append(after).Append('\n');
                break;
            case DraftList list:
                text.Append(after).Append('\n');
                WriteItems(list, inner);
                break;
            case DraftMap map:
                text.Append(after).Append('\n');
                WriteMembers(map, inner);
                break;
            default:
                throw new InvalidOperationException(value.GetType().Name);
        }
    }

    // In brackets, as far as this is on one short line and loses no comment.
    private static string? TryWriteFlow(DraftNode? node)
    {
        var flow = node switch
        {
            DraftText { Value: var single } => YamlTexts.Write(single, isFlow: true),
            DraftList list when list.Items.TrueForAll(item => item.Value is null) => "[]",
            DraftMap map when map.Members.TrueForAll(member => member.Value is null) => "{}",
            DraftList { IsFlow: true } list when list.Items.TrueForAll(IsPlain) && Flow(list.Items) is { } items => $"[{items}]",
            DraftMap { IsFlow: true } map when map.Members.TrueForAll(IsPlain) && Flow(map.Members) is { } members => $"{{{members}}}",
            _ => null,
        };
        return flow?.Length <= MaxFlowWidth ? flow : null;
    }

    private static bool IsPlain(DraftEntry entry) => entry is { Value: not null, After: null, Before.Count: 0 };

    private static string? Flow(List<DraftEntry> entries)
    {
        List<string?> parts =
        [
            .. entries.Select(entry => TryWriteFlow(entry.Value) is { } value
                ? entry.Key is { } key ? $"{YamlTexts.Write(key, isFlow: true)}: {value}" : value
                : null),
        ];
        return parts.Contains(null) ? null : string.Join(", ", parts);
    }

    private void WriteComments(DraftEntry entry, int indent)
    {
        foreach (var comment in entry.Before)
        {
            Indent(indent).Append(comment).Append('\n');
        }
    }

    private StringBuilder Indent(int indent) => text.Append(' ', indent);
}
