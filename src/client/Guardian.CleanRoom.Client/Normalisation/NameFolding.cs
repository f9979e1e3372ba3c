using System.Globalization;
using System.Text;

namespace Guardian.CleanRoom.Client.Normalisation;

/// <summary>
/// Removes differences of accents, spacing and joining from names: "O'Brien", "OBRIEN" and "o brien" become equal, and so do "Müller" and
/// "MULLER". It has its own tables, so no version of Unicode and no setting of the machine changes the agreed result.
/// </summary>
internal static class NameFolding
{
    // Base letters of U+00C0 to U+017F and of U+1E00 to U+1EFF. A digit stands for a pair of letters, a dot for no letter.
    private const string Latin =
        "aaaaaa1ceeeeiiiidnooooo.ouuuuy34aaaaaa1ceeeeiiiidnooooo.ouuuuy3yaaaaaaccccccccddddeeeeeeeeeegggg"
        + "gggghhhhiiiiiiiiii55jjkkkllllllllllnnnnnnnnnoooooo22rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

    private const string LatinAdditional =
        "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppprrrrrrrr"
        + "ssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwyasss4daaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
        + "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyyllvvyy";

    private static readonly string[] Pairs = ["ae", "oe", "th", "ss", "ij"];

    /// <summary>Keeps letters and digits only: in lower case, Latin letters without accents.</summary>
    /// <param name="text">The name.</param>
    /// <param name="buffer">Receives the result.</param>
    /// <returns>The length of the result, or -1 when the buffer is too small.</returns>
    public static int Fold(ReadOnlySpan<char> text, Span<char> buffer)
    {
        var length = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.IsAscii && length < buffer.Length)
            {
                buffer[length] = char.ToLowerInvariant((char)rune.Value);
                length += char.IsAsciiLetterOrDigit(buffer[length]) ? 1 : 0;
                continue;
            }
            var folded = Fold(Rune.ToLowerInvariant(rune));
            if (folded.Length > buffer.Length - length)
            {
                return -1;
            }
            folded.CopyTo(buffer[length..]);
            length += folded.Length;
        }
        return length;
    }

    private static string Fold(Rune rune) => rune.Value switch
    {
        >= 0xC0 and < 0x180 => Expand(Latin[rune.Value - 0xC0]),
        >= 0x1E00 and < 0x1F00 => Expand(LatinAdditional[rune.Value - 0x1E00]),
        // Some systems write accents as characters of their own.
        >= 0x300 and < 0x370 => "",
        _ => Rune.IsLetterOrDigit(rune)
            || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
            ? rune.ToString()
            : "",
    };

    private static string Expand(char letter) => letter switch
    {
        '.' => "",
        >= '1' and <= '5' => Pairs[letter - '1'],
        _ => letter.ToString(),
    };
}
