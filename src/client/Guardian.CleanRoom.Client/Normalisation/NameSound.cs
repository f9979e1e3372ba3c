namespace Guardian.CleanRoom.Client.Normalisation;

/// <summary>
/// Writes the sound of a folded name (docs/spec/room.md): the class of its first letter, then the classes of all its consonants, each once
/// where it repeats. The classes are those of Soundex (Russell, patent US 1,261,167). Unlike there, the first letter counts by
/// its class, so that Catherine and Katherine are equal, and the code has any length.
/// </summary>
internal static class NameSound
{
    // The classes of a to z; '.' is a vowel, which separates, and '-' is a letter without a sound, which does not.
    private const string Classes = ".123.12-.22455.12623.1.2.2";

    private const char Vowel = '.';
    private const char Silent = '-';

    /// <summary>Replaces a folded name by its sound.</summary>
    /// <param name="name">The name in the form of <see cref="NameFolding"/>; receives the sound.</param>
    /// <param name="length">Characters of the name; the buffer has space for one more.</param>
    /// <returns>The length of the sound; 0 for an empty name.</returns>
    public static int Encode(Span<char> name, int length)
    {
        if (length == 0)
        {
            return 0;
        }
        // The sound is never longer than what was read of the name, and one character for the first letter.
        var (first, written, before) = (ClassOf(name[0]), 0, Vowel);
        for (var index = 0; index < length; index++)
        {
            var found = ClassOf(name[index]);
            if (found is not Vowel and not Silent && found != before)
            {
                name[written++] = found;
            }
            before = found == Silent ? before : found;
        }
        name[..written].CopyTo(name[1..]);
        name[0] = first is Vowel or Silent ? '0' : first;
        return written + 1;
    }

    // Letters of other scripts and digits sound like nothing else.
    private static char ClassOf(char letter) => letter is >= 'a' and <= 'z' ? Classes[letter - 'a'] : letter;
}
