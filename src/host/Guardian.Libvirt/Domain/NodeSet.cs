using System.Globalization;

namespace Guardian.Libvirt.Domain;

/// <summary>Sets of NUMA nodes as libvirt writes them: <c>0-3,^2,8</c>.</summary>
public static class NodeSet
{
    // Linux has at most 1024 nodes (MAX_NUMNODES); each costs six characters, with a comma and an exclusion.
    private const int MaxNumber = 1023;
    private const int MaxSize = 6 * (MaxNumber + 1);

    /// <summary>Reads a set; null when it is malformed, empty, or longer than any host's. Never throws.</summary>
    public static SortedSet<int>? TryRead(string text)
    {
        if (text.Length > MaxSize)
        {
            return null;
        }
        var numbers = new SortedSet<int>();
        foreach (var part in text.Split(','))
        {
            var item = part.Trim();
            var isExcluded = item.StartsWith('^');
            var ends = (isExcluded ? item[1..] : item).Split('-');
            if (ends.Length > 2 || !TryReadNumber(ends[0], out var first) || !TryReadNumber(ends[^1], out var last)
                || last < first || (isExcluded && ends.Length > 1))
            {
                return null;
            }
            for (var number = first; number <= last; number++)
            {
                _ = isExcluded ? numbers.Remove(number) : numbers.Add(number);
            }
        }
        return numbers.Count > 0 ? numbers : null;
    }

    private static bool TryReadNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= MaxNumber;
}
