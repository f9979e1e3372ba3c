using System.Globalization;
using System.Text;

namespace Guardian.CleanRoom.Base;

/// <summary>
/// Unicode normalisation form C (UAX 15): "ö" as one character and "o" with a combining diaeresis become equal. The base library does not
/// normalise when globalisation is invariant, as in all of Guardian's programs, and this table gives the same result on every machine.
/// Unicode promises that the form of an assigned character never changes. Thread-safe.
/// </summary>
public static class CanonicalText
{
    // No character below it decomposes into anything that another spelling could be composed of.
    private const char FirstCombining = '\u0300';

    // Hangul syllables follow from arithmetic (The Unicode Standard, section 3.12).
    private const int SyllableBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailBase = 0x11A7;
    private const int LeadCount = 19;
    private const int VowelCount = 21;
    private const int TrailCount = 28;
    private const int SyllableCount = LeadCount * VowelCount * TrailCount;

    private static readonly Lazy<Table> Tables = new(Table.Read);

    /// <summary>Whether a text surely is in form C already. False means only that it must be composed to know.</summary>
    /// <param name="text">The text.</param>
    public static bool IsSurelyComposed(ReadOnlySpan<char> text) =>
        text.IndexOfAnyExceptInRange('\0', (char)(FirstCombining - 1)) < 0;

    /// <summary>Composes a text.</summary>
    /// <param name="text">Any text; unpaired surrogates become U+FFFD.</param>
    /// <returns>The text in form C; the same instance when it surely was already.</returns>
    public static string Compose(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (IsSurelyComposed(text))
        {
            return text;
        }
        var runes = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, runes);
        }
        Reorder(runes);
        Join(runes);
        var composed = new StringBuilder(text.Length);
        runes.ForEach(rune => composed.Append(new Rune(rune).ToString()));
        return composed.ToString();
    }

    private static void Decompose(int rune, List<int> runes)
    {
        if (rune is >= SyllableBase and < SyllableBase + SyllableCount)
        {
            var index = rune - SyllableBase;
            runes.Add(LeadBase + (index / (VowelCount * TrailCount)));
            runes.Add(VowelBase + (index % (VowelCount * TrailCount) / TrailCount));
            if (index % TrailCount > 0)
            {
                runes.Add(TrailBase + (index % TrailCount));
            }
            return;
        }
        if (!Tables.Value.Decompositions.TryGetValue(rune, out var parts))
        {
            runes.Add(rune);
            return;
        }
        Decompose(parts.First, runes);
        if (parts.Second != 0)
        {
            Decompose(parts.Second, runes);
        }
    }

    // Puts the marks behind each letter into ascending order of their classes; marks of one class stay in their order.
    private static void Reorder(List<int> runes)
    {
        for (var start = 0; start < runes.Count; start++)
        {
            var end = start;
            while (end < runes.Count && ClassOf(runes[end]) != 0)
            {
                end++;
            }
            if (end - start > 1)
            {
                var ordered = runes.GetRange(start, end - start).OrderBy(ClassOf).ToList();
                for (var i = 0; i < ordered.Count; i++)
                {
                    runes[start + i] = ordered[i];
                }
            }
            start = end;
        }
    }

    // Joins each mark with the last letter before it, unless a mark between them blocks it.
    private static void Join(List<int> runes)
    {
        var (letter, lastClass, count) = (-1, 0, 0);
        for (var i = 0; i < runes.Count; i++)
        {
            var rune = runes[i];
            var mark = ClassOf(rune);
            var isBlocked = letter >= 0 && count - 1 > letter && (lastClass == 0 || lastClass >= mark);
            if (letter >= 0 && !isBlocked && TryCompose(runes[letter], rune, out var composed))
            {
                runes[letter] = composed;
                continue;
            }
            if (mark == 0)
            {
                letter = count;
            }
            lastClass = mark;
            runes[count++] = rune;
        }
        runes.RemoveRange(count, runes.Count - count);
    }

    private static bool TryCompose(int first, int second, out int composed)
    {
        if (first is >= LeadBase and < LeadBase + LeadCount && second is >= VowelBase and < VowelBase + VowelCount)
        {
            composed = SyllableBase + ((((first - LeadBase) * VowelCount) + second - VowelBase) * TrailCount);
            return true;
        }
        if (first is >= SyllableBase and < SyllableBase + SyllableCount && (first - SyllableBase) % TrailCount == 0
            && second is > TrailBase and < TrailBase + TrailCount)
        {
            composed = first + second - TrailBase;
            return true;
        }
        return Tables.Value.Compositions.TryGetValue((first, second), out composed);
    }

    private static int ClassOf(int rune) => rune < FirstCombining ? 0 : Tables.Value.Classes.GetValueOrDefault(rune);

    private sealed record Table(
        Dictionary<int, (int First, int Second)> Decompositions, Dictionary<(int First, int Second), int> Compositions,
        Dictionary<int, int> Classes)
    {
        // The resource is the output of eng/make-canonical-table, which describes its lines.
        public static Table Read()
        {
            var table = new Table([], [], []);
            using var resource = typeof(CanonicalText).Assembly.GetManifestResourceStream("canonical.txt")!;
            using var lines = new StreamReader(resource, Encoding.ASCII);
            while (lines.ReadLine() is { } line)
            {
                table.Add(line.Split(' ', '-', '='), isRange: line.Contains('=', StringComparison.Ordinal));
            }
            return table;
        }

        private void Add(string[] fields, bool isRange)
        {
            static int Hex(string digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            var first = Hex(fields[0]);
            if (isRange)
            {
                var combining = int.Parse(fields[2], CultureInfo.InvariantCulture);
                for (var rune = first; rune <= Hex(fields[1]); rune++)
                {
                    Classes[rune] = combining;
                }
                return;
            }
            var isComposed = fields[^1] != "x";
            var parts = (Hex(fields[1]), fields.Length > (isComposed ? 2 : 3) ? Hex(fields[2]) : 0);
            Decompositions[first] = parts;
            if (isComposed)
            {
                Compositions[parts] = first;
            }
        }
    }
}
