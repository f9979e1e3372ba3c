using PhoneNumbers;

namespace Guardian.CleanRoom.Client.Normalisation;

/// <summary>Writes telephone numbers in E.164: country code and national number, digits only, with or without "+".</summary>
/// <param name="region">The country of numbers without a country code, two letters (ISO 3166-1); null when all have one.</param>
/// <param name="hasPlus">Whether the result begins with "+".</param>
internal sealed class PhoneNormaliser(string? region, bool hasPlus)
{
    // Country code and number together; the shortest numbers in use have seven digits (for example +683 4002).
    private const int LeastDigits = 7;

    private static readonly PhoneNumberUtil Numbers = PhoneNumberUtil.GetInstance();

    /// <summary>Finds a number's country code; null when the text is not a number.</summary>
    public static int? FindCountryCode(string text, string? region)
    {
        try
        {
            return Numbers.Parse(text, region).CountryCode;
        }
        catch (NumberParseException)
        {
            return null;
        }
    }

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
        try
        {
            var number = Numbers.Parse(text.ToString(), region);
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
        catch (NumberParseException)
        {
            return -1;
        }
    }
}
