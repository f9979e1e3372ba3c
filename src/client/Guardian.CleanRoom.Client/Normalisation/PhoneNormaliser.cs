using PhoneNumbers;

namespace Guardian.CleanRoom.Client.Normalisation;

/// <summary>Writes telephone numbers in E.164: country code and national number, digits only, with or without "+".</summary>
internal sealed class PhoneNormaliser(string? region, bool hasPlus)
{
    private static readonly PhoneNumberUtil Numbers = PhoneNumberUtil.GetInstance();

    /// <summary>A number's country code, or null when it cannot be read.</summary>
    public static int? CountryCodeOf(string text, string? region)
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

    /// <summary>Normalises a number; 0 for none, -1 for what can be no number of its country.</summary>
    public int Normalise(ReadOnlySpan<char> text, Span<char> buffer)
    {
        if (text.IsEmpty)
        {
            return 0;
        }
        try
        {
            var number = Numbers.Parse(text.ToString(), region);
            // Possible, not valid: numbering plans grow faster than tables, and the profiles ask for the format alone.
            if (!Numbers.IsPossibleNumber(number))
            {
                return -1;
            }
            var written = Numbers.Format(number, PhoneNumberFormat.E164).AsSpan(hasPlus ? 0 : 1);
            if (written.Length > buffer.Length)
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
