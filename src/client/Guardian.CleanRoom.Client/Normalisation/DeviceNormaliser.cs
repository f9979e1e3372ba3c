using System.Buffers;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Normalisation;

/// <summary>Checks identifiers that advertising systems make: of devices (IDFA, GAID), UID2, EUID and RampID.</summary>
internal static class DeviceNormaliser
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    // Groups of a UUID in hex digits (RFC 9562, section 4).
    private static readonly int[] Groups = [8, 4, 4, 4, 12];

    /// <summary>Normalises an identifier.</summary>
    /// <param name="kind">The kind; one of the four above.</param>
    /// <param name="text">The cell, trimmed.</param>
    /// <param name="buffer">Receives the result, at most as long as the text and 4 characters.</param>
    /// <returns>The length of the result: 0 when the text is empty, -1 when it is not of its kind, <see cref="Nobody.Length"/> when it is
    /// the identifier of nobody.</returns>
    public static int Normalise(IdentifierKind kind, ReadOnlySpan<char> text, Span<char> buffer) =>
        text.IsEmpty ? 0
        : kind == IdentifierKind.Maid ? NormaliseDevice(text, buffer)
        : kind == IdentifierKind.RampId ? CheckRampId(text, buffer)
        : CheckUnified(text, buffer);

    // A UUID with or without hyphens and braces, lower-case with hyphens afterwards. Limited ad tracking makes it zeros.
    private static int NormaliseDevice(ReadOnlySpan<char> text, Span<char> buffer)
    {
        if (text.Length > 2 && text[0] == '{' && text[^1] == '}')
        {
            text = text[1..^1];
        }
        Span<char> digits = stackalloc char[32];
        var (count, position) = (0, 0);
        var isPlain = text.Length == digits.Length;
        foreach (var size in Groups)
        {
            if (position > 0 && !isPlain && (position >= text.Length || text[position++] != '-'))
            {
                return -1;
            }
            if (text.Length - position < size)
            {
                return -1;
            }
            text.Slice(position, size).ToLowerInvariant(digits[count..]);
            (count, position) = (count + size, position + size);
        }
        if (position != text.Length || digits.ContainsAnyExcept(HexDigits))
        {
            return -1;
        }
        if (Nobody.IsRepeated(digits))
        {
            return Nobody.Length;
        }
        var length = 0;
        foreach (var size in Groups)
        {
            if (length > 0)
            {
                buffer[length++] = '-';
            }
            digits[..size].CopyTo(buffer[length..]);
            digits = digits[size..];
            length += size;
        }
        return length;
    }

    // A raw UID2 or EUID: base64 of 32 bytes, or of 33 in later versions. It depends on case.
    private static int CheckUnified(ReadOnlySpan<char> text, Span<char> buffer)
    {
        Span<byte> bytes = stackalloc byte[33];
        if (text.Length != 44 || !Convert.TryFromBase64Chars(text, bytes, out var size) || size is not (32 or 33))
        {
            return -1;
        }
        text.CopyTo(buffer);
        return bytes[..size].ContainsAnyExcept(bytes[0]) ? text.Length : Nobody.Length;
    }

    // A maintained (XY), derived (Xi) or household (hY) RampID. Xc and Xm are placeholders for a cookie or device without a person.
    private static int CheckRampId(ReadOnlySpan<char> text, Span<char> buffer)
    {
        var isPlaceholder = text.StartsWith("Xc") || text.StartsWith("Xm");
        var size = text.StartsWith("XY") || text.StartsWith("hY") ? 49 : text.StartsWith("Xi") || isPlaceholder ? 70 : -1;
        foreach (var character in text)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('-' or '_'))
            {
                return -1;
            }
        }
        text.CopyTo(buffer);
        return text.Length != size ? -1 : isPlaceholder ? Nobody.Length : size;
    }
}
