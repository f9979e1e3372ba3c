using System.Globalization;

namespace Guardian.Documents;

/// <summary>
/// A map of a document, read member by member. Missing, unknown and wrong members are reported with their position, and reading goes on, so
/// that a person sees every mistake at once. Not thread-safe.
/// </summary>
public sealed class YamlMap : YamlNode
{
    private readonly Dictionary<string, YamlNode> members = [];
    private readonly Dictionary<string, YamlText> keys = [];
    private readonly HashSet<string> known = [];

    internal YamlMap(DocumentProblems problems, int line, int column) : base(problems, line, column)
    {
    }

    internal override string Kind => "a map";

    /// <summary>The member names, in the order of the document.</summary>
    public IReadOnlyCollection<string> Names => keys.Keys;

    internal void Add(YamlText key, YamlNode value)
    {
        if (!keys.TryAdd(key.Value, key))
        {
            key.Report($"'{key.Value}' is given twice; the first is on line {keys[key.Value].Line}");
            return;
        }
        members.Add(key.Value, value);
    }

    /// <summary>Whether the map has the member.</summary>
    public bool Has(string name) => members.ContainsKey(name);

    /// <summary>The member's node, or null when it is absent.</summary>
    public YamlNode? Find(string name)
    {
        known.Add(name);
        return members.GetValueOrDefault(name);
    }

    /// <summary>The member's text; reports and returns "" if it is absent, empty or not a single value.</summary>
    public string Text(string name)
    {
        var text = OptionalText(name);
        if (!Has(name))
        {
            ReportMissing(name);
        }
        else if (text is "")
        {
            members[name].Report($"'{name}' must not be empty");
        }
        return text ?? "";
    }

    /// <summary>The member's text, or null when it is absent; a list or map is reported.</summary>
    public string? OptionalText(string name) => Typed<YamlText>(name)?.Value;

    /// <summary>A whole number within the bounds; reports and returns the lower bound if it is absent or anything else.</summary>
    public long Integer(string name, long minimum, long maximum)
    {
        if (OptionalInteger(name, minimum, maximum) is { } number)
        {
            return number;
        }
        if (!Has(name))
        {
            ReportMissing(name);
        }
        return minimum;
    }

    /// <summary>A whole number within the bounds, or null when it is absent; anything else is reported.</summary>
    public long? OptionalInteger(string name, long minimum, long maximum)
    {
        if (Typed<YamlText>(name) is not { } text)
        {
            return null;
        }
        if (long.TryParse(text.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= minimum && number <= maximum)
        {
            return number;
        }
        text.Report($"'{name}' must be a whole number from {minimum} to {maximum}, not '{text.Value}'");
        return null;
    }

    /// <summary>A decimal number within the bounds, or null when it is absent; anything else is reported.</summary>
    public decimal? OptionalDecimal(string name, decimal minimum, decimal maximum)
    {
        if (Typed<YamlText>(name) is not { } text)
        {
            return null;
        }
        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (decimal.TryParse(text.Value, style, CultureInfo.InvariantCulture, out var number)
            && number >= minimum && number <= maximum)
        {
            return number;
        }
        text.Report(string.Create(
            CultureInfo.InvariantCulture, $"'{name}' must be a number from {minimum} to {maximum}, not '{text.Value}'"));
        return null;
    }

    /// <summary><c>true</c> or <c>false</c>; anything else is reported.</summary>
    /// <param name="name">The member.</param>
    /// <param name="absent">The value when the member is absent.</param>
    public bool Flag(string name, bool absent)
    {
        if (Typed<YamlText>(name) is not { } text)
        {
            return absent;
        }
        if (text.Value is "true" or "false")
        {
            return text.Value is "true";
        }
        text.Report($"'{name}' must be true or false, not '{text.Value}'");
        return absent;
    }

    /// <summary>One of several words; anything else is reported.</summary>
    /// <param name="name">The member.</param>
    /// <param name="words">The value of each word.</param>
    /// <param name="absent">The value when the member is absent.</param>
    public T Word<T>(string name, IReadOnlyDictionary<string, T> words, T absent)
    {
        ArgumentNullException.ThrowIfNull(words);
        if (Typed<YamlText>(name) is not { } text)
        {
            return absent;
        }
        if (words.TryGetValue(text.Value, out var value))
        {
            return value;
        }
        text.Report($"'{name}' must be one of {string.Join(", ", words.Keys)}, not '{text.Value}'");
        return absent;
    }

    /// <summary>The member as a map, or null when it is absent; anything else is reported.</summary>
    public YamlMap? Map(string name) => Typed<YamlMap>(name);

    /// <summary>The entries of a list of single values; empty when it is absent; anything else is reported.</summary>
    public IReadOnlyList<YamlText> Texts(string name) => Entries<YamlText>(name);

    /// <summary>The entries of a list of maps; empty when it is absent; anything else is reported.</summary>
    public IReadOnlyList<YamlMap> Maps(string name) => Entries<YamlMap>(name);

    /// <summary>Reports that a required member is missing.</summary>
    public void ReportMissing(string name) => Report($"'{name}' is missing");

    /// <summary>Reports a problem at the member's position, or at the map's when the member is absent.</summary>
    public void ReportAt(string name, string message) => (members.GetValueOrDefault(name) ?? (YamlNode)this).Report(message);

    /// <summary>Ends reading: reports each member that was not asked for, and names the known ones.</summary>
    public void End()
    {
        string? list = null;
        foreach (var (name, key) in keys)
        {
            if (Problems.IsFull)
            {
                return;
            }
            if (!known.Contains(name))
            {
                key.Report($"'{name}' is not known here; known are {list ??= string.Join(", ", known.Order(StringComparer.Ordinal))}");
            }
        }
    }

    private List<T> Entries<T>(string name) where T : YamlNode
    {
        var entries = new List<T>();
        foreach (var item in Typed<YamlList>(name)?.Items ?? [])
        {
            if (item is T entry)
            {
                entries.Add(entry);
            }
            else
            {
                item.Report($"an entry of '{name}' must be {KindOf<T>()}, not {item.Kind}");
            }
        }
        return entries;
    }

    private T? Typed<T>(string name) where T : YamlNode
    {
        var node = Find(name);
        if (node is null or T)
        {
            return (T?)node;
        }
        node.Report($"'{name}' must be {KindOf<T>()}, not {node.Kind}");
        return null;
    }

    private static string KindOf<T>() =>
        typeof(T) == typeof(YamlText) ? "a single value" : typeof(T) == typeof(YamlList) ? "a list" : "a map";
}
