using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Guardian.Cli.Failures;
using Guardian.Documents;
using Guardian.Refusals;

namespace Guardian.Cli.Sessions;

/// <summary>Replaces <c>$NAME</c> and <c>${NAME}</c> in a session. A value adds no line and no member.</summary>
/// <remarks>
/// Step 1: exchange each variable for a random word that is harmless at every place of a document. <c>$$</c> stays as it is.
/// Step 2: read the document with these words, so that its structure is known before any value is.
/// Step 3: write each text that has such a word anew, with the value and in quotes where it needs them. Comments keep the variable.
/// Step 4: read the result; it must have the same structure, with the values in place of the words.
/// </remarks>
internal sealed partial class SessionTemplate
{
    private readonly Func<string, string?> find;
    private readonly string path;
    private readonly string mark = $"V{RandomNumberGenerator.GetHexString(24, lowercase: true)}N";
    private readonly List<(string Name, string Written)> variables = [];
    private readonly List<string> problems = [];

    private SessionTemplate(Func<string, string?> find, string path) => (this.find, this.path) = (find, path);

    /// <summary>Replaces the variables of a text.</summary>
    /// <param name="text">The session's text.</param>
    /// <param name="find">Gives the value of a variable; null when it is not defined.</param>
    /// <param name="path">The session's file, for messages.</param>
    /// <exception cref="RefusedException">A variable is not defined, or the text is no YAML.</exception>
    public static string Expand(string text, Func<string, string?> find, string path) => new SessionTemplate(find, path).Expand(text);

    private string Expand(string text)
    {
        // Step 1.
        var marked = Variable().Replace(text, match => match.Groups["name"].Success ? Mark(match) : match.Value);
        if (variables.Count == 0)
        {
            return text;
        }
        // Step 2.
        var layout = Read(marked);
        // Step 3.
        var edits = new TextEdits();
        Collect(layout.Top, isFlow: false, edits, marked);
        if (problems.Count > 0)
        {
            throw CliReasons.BadTemplate.Refuse($"{path} has variables without a value", problems: problems);
        }
        var expanded = Marks().Replace(edits.Apply(marked), match => match.Value.StartsWith(mark, StringComparison.Ordinal)
            ? variables[IndexOf(match.Value)].Written
            : match.Value);
        // Step 4.
        return IsSame(layout.Top, Read(expanded).Top)
            ? expanded
            : throw CliReasons.BadTemplate.Refuse(
                $"{path} cannot take these values where its variables stand", "write the variable as a value of its own: key: ${NAME}");
    }

    private string Mark(Match match)
    {
        variables.Add((match.Groups["name"].Value, match.Value));
        return $"{mark}{(variables.Count - 1).ToString("D6", CultureInfo.InvariantCulture)}";
    }

    private int IndexOf(string word) => int.Parse(word.AsSpan(mark.Length), NumberStyles.None, CultureInfo.InvariantCulture);

    private YamlLayout Read(string text)
    {
        var found = new DocumentProblems();
        return YamlLayout.Read(text, found)
            ?? throw CliReasons.BadSession.Refuse(
                $"{path} is no valid session", problems: [.. found.Items.Select(problem => $"{path}:{problem}")]);
    }

    private void Collect(YamlPlace node, bool isFlow, TextEdits edits, string text)
    {
        if (node.Value?.Contains(mark, StringComparison.Ordinal) == true)
        {
            edits.Replace(node.Start, node.End, Write(node, isFlow, text));
        }
        foreach (var item in node.Items ?? [])
        {
            Collect(item, isFlow || node.IsFlow, edits, text);
        }
        foreach (var (key, value) in node.Members ?? [])
        {
            Collect(key, isFlow || node.IsFlow, edits, text);
            Collect(value, isFlow || node.IsFlow, edits, text);
        }
    }

    private string Write(YamlPlace node, bool isFlow, string text)
    {
        var value = Fill(node.Value!, node);
        switch (node.Style)
        {
            case YamlTextStyle.Plain:
                return YamlTexts.Write(value, isFlow);
            case YamlTextStyle.Quoted:
                return YamlTexts.Quote(value);
            default:
                var block = text[node.Start..node.End];
                var lines = block.Split('\n');
                var indent = lines.Skip(1).FirstOrDefault(line => line.Trim().Length > 0) is { } first
                    ? first.Length - first.TrimStart(' ').Length
                    : 0;
                return (YamlTexts.TryWriteBlock(value, indent) ?? YamlTexts.Quote(value)) + (block.EndsWith('\n') ? "\n" : "");
        }
    }

    private string Fill(string text, YamlPlace? place) => Marks().Replace(text, match =>
    {
        if (!match.Value.StartsWith(mark, StringComparison.Ordinal))
        {
            return match.Value;
        }
        var name = variables[IndexOf(match.Value)].Name;
        if (find(name) is { } value)
        {
            return value;
        }
        if (place is not null)
        {
            problems.Add($"{path}:{place.Line}: variable {name} is not defined: give -e {name}=VALUE, or --use-env");
        }
        return "";
    });

    private bool IsSame(YamlPlace before, YamlPlace after) =>
        (before.Value is null ? after.Value is null : after.Value == Fill(before.Value, null))
        && (before.Items is null) == (after.Items is null) && (before.Members is null) == (after.Members is null)
        && IsSame(Inner(before), Inner(after));

    private bool IsSame(List<YamlPlace> before, List<YamlPlace> after) =>
        before.Count == after.Count && before.Zip(after).All(pair => IsSame(pair.First, pair.Second));

    private static List<YamlPlace> Inner(YamlPlace place) =>
        [.. place.Items ?? [], .. place.Members?.SelectMany(member => new[] { member.Key, member.Value }) ?? []];

    // '$$' first: it begins and ends the placeholders of secrets.
    [GeneratedRegex(@"\$\$|\$\{(?<name>[A-Za-z_][A-Za-z0-9_]*)\}|\$(?<name>[A-Za-z_][A-Za-z0-9_]*)", RegexOptions.ExplicitCapture)]
    private static partial Regex Variable();

    [GeneratedRegex("V[0-9a-f]{24}N[0-9]{6}")]
    private static partial Regex Marks();
}
