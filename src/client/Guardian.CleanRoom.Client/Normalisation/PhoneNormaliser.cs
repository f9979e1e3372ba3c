using System.Globalization;
using PhoneNumbers;

namespace Guardian.CleanRoom.Client.Normalisation;

/// <summary>Writes telephone numbers in E.164: country code and national number, digits only, with or without "+".</summary>
/// <param name="region">The country of numbers without a country code, two letters (ISO 3166-1); null when all have one.</param>
/// <param name="hasPlus">Whether the result begins with "+".</param>
internal sealed class PhoneNormaliser(string? region, bool hasPlus)
{
    // Country code and number together; the shortest numbers in use have seven digits (for example +683 4002).
    private const int LeastDigits = 7;

    // The end of 491711234567.0: a program took the numbers of a column with empty cells for decimals.
    private const string WholeDecimal = ".0";

    private static readonly PhoneNumberUtil Numbers = PhoneNumberUtil.GetInstance();

    /// <summary>Finds a number's country code; null when the text is not a number.</summary>
    public static int? FindCountryCode(string text, string? region) => Find(text, region)?.CountryCode;

    /// <summary>Normalises a number.</summary>
    /// <param name="text">The number.</param>
    /// <param name="buffer">Receives the result.</param>
    /// <returns>The length of the result: 0 when the text is empty, -1 when it cannot be a number of its country, and
    /// <see cref="Nobody.Length"/> when it is a number such as 0000000000.</returns>
    public int Normalise(ReadOnlySpan<char> text, Span<char> buffer)
    {
        if (text.IsEmpty)
        {
            return 0;
        }
        if (Find(text.ToString(), region) is not { } number)
        {
            return -1;
        }
        if (Nobody.HasNumber(Numbers.GetNationalSignificantNumber(number)))
        {
            return Nobody.Length;
        }
        // IsPossibleNumber, not IsValidNumber: numbering plans grow faster than tables, and the profiles require only the format.
        if (!Numbers.IsPossibleNumber(number))
        {
            return -1;
        }
        var written = Numbers.Format(number, PhoneNumberFormat.E164).AsSpan(hasPlus ? 0 : 1);
        if (written.Length > buffer.Length || written.Length < LeastDigits + (hasPlus ? 1 : 0))
        {
            return -1;
        }
        written.CopyTo(buffer);
        return written.Length;
    }

    // A number of the region, as people dial it there; or one of the world whose plus is missing, or written as 00. Where numbers have no
    // fixed length, such as in Germany, 49171… is valid in both ways; nobody dials it like that, and advertising systems write it.
    private static PhoneNumber? Find(string text, string? region)
    {
        if (text.EndsWith(WholeDecimal, StringComparison.Ordinal) && text[..^WholeDecimal.Length].All(char.IsAsciiDigit))
        {
            text = text[..^WholeDecimal.Length];
        }
        var local = TryParse(text, region);
        var isLocal = local is not null && Numbers.IsValidNumber(local)
            && !text.StartsWith(string.Create(CultureInfo.InvariantCulture, $"{local.CountryCode}"), StringComparison.Ordinal);
        var abroad = isLocal ? null : TryParse($"+{(text.StartsWith("00", StringComparison.Ordinal) ? text[2..] : text)}", null);
        return abroad is not null && Numbers.IsValidNumber(abroad) ? abroad : local;
    }

    private static PhoneNumber? TryParse(string text, string? region)
    {
        try
        {
            return Numbers.Parse(text, region);
        }
        catch (NumberParseException)
        {
            return null;
        }
    }
}
