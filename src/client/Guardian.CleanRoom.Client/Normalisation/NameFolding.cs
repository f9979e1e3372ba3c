using System.Globalization;
using System.Text;

namespace Guardian.CleanRoom.Client.Normalisation;

/// <summary>
/// Writes names alike however their letters are decorated, spaced and joined: "O'Brien", "OBRIEN" and "o brien"; "Müller" and "MULLER". From tables of its own, so that no version of
/// Unicode and no setting of the machine changes what was agreed.
/// </summary>
internal static class NameFolding
{
    // Base letters of U+00C0 to U+017F and of U+1E00 to U+1EFF. Digits stand for two letters, a dot for none.
    private const string Latin =
        "aaaaaa1ceeeeiiiidnooooo.ouuuuy34aaaaaa1ceeeeiiiidnooooo.ouuuuy3yaaaaaaccccccccddddeeeeeeeeeegggg"
        + "gggghhhhiiiiiiiiii55jjkkkllllllllllnnnnnnnnnoooooo22rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

    private const string LatinAdditional =
        "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppprrrrrrrr"
        + "ssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwyasss4daaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
        + "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyyllvvyy";

    private static readonly string[] Pairs = ["ae", "oe", "th", "ss", "ij"];

    /// <summary>Letters and digits in lower case, Latin ones without accents; nothing else.</summary>
    /// <returns>Characters written, or -1 when there is no room.</returns>
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
        // Accents that stand alone, as some systems write them.
        >= 0x300 and < 0x370 => "",
        _ => Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark ? rune.ToString() : "",
    };

    private static string Expand(char letter) => letter switch { '.' => "", >= '1' and <= '5' => Pairs[letter - '1'], _ => letter.ToString() };
}
