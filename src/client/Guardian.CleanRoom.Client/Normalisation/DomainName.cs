using System.Text;
using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Client.Normalisation;

/// <summary>
/// Writes domain names in ASCII: labels with other characters as Punycode (RFC 3492) behind <c>xn--</c> (RFC 5891), so that both spellings
/// of a domain are one. The base library's result depends on the machine's ICU.
/// </summary>
internal static class DomainName
{
    private const string Prefix = "xn--";
    private const int MaxLabel = 63;

    // RFC 3492, section 5.
    private const int Radix = 36;
    private const int LeastThreshold = 1;
    private const int GreatestThreshold = 26;
    private const int Skew = 38;
    private const int Damping = 700;
    private const int FirstBias = 72;
    private const int FirstCode = 0x80;

    /// <summary>Converts a name.</summary>
    /// <param name="name">In lower case and form C.</param>
    /// <returns>The name without a last dot; null when it is no name of a mail server on the Internet: it has no dot, an empty or too long
    /// label, or a sign that no name has.</returns>
    public static string? ToAscii(string name)
    {
        // UTS 46 takes these for dots.
        var labels = name.Replace('\u3002', '.').Replace('\uFF0E', '.').Replace('\uFF61', '.').TrimEnd('.').Split('.');
        for (var i = 0; i < labels.Length; i++)
        {
            if (labels[i].Any(letter => char.IsAscii(letter) && !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_')))
            {
                return null;
            }
            labels[i] = Ascii.IsValid(labels[i]) ? labels[i] : Prefix + Encode(labels[i]);
            if (labels[i].Length is 0 or > MaxLabel)
            {
                return null;
            }
        }
        var written = string.Join('.', labels);
        return labels.Length > 1 && written.Length < Identifiers.MaxSize ? written : null;
    }

    private static string Encode(string label)
    {
        var runes = label.EnumerateRunes().Select(rune => rune.Value).ToList();
        var output = new StringBuilder();
        output.Append([.. runes.Where(rune => rune < FirstCode).Select(rune => (char)rune)]);
        var (basic, handled, code, delta, bias) = (output.Length, output.Length, FirstCode, 0L, FirstBias);
        if (basic > 0)
        {
            output.Append('-');
        }
        while (handled < runes.Count && output.Length <= MaxLabel)
        {
            var next = runes.Where(rune => rune >= code).Min();
            delta += (long)(next - code) * (handled + 1);
            code = next;
            foreach (var rune in runes)
            {
                delta += rune < code ? 1 : 0;
                if (rune == code)
                {
                    WriteNumber(output, delta, bias);
                    bias = Adapt(delta, handled + 1, isFirst: handled == basic);
                    delta = 0;
                    handled++;
                }
            }
            delta++;
            code++;
        }
        return output.ToString();
    }

    private static void WriteNumber(StringBuilder output, long number, int bias)
    {
        for (var k = Radix; ; k += Radix)
        {
            var threshold = Math.Clamp(k - bias, LeastThreshold, GreatestThreshold);
            if (number < threshold)
            {
                output.Append(Digit(number));
                return;
            }
            output.Append(Digit(threshold + ((number - threshold) % (Radix - threshold))));
            number = (number - threshold) / (Radix - threshold);
        }
    }

    private static int Adapt(long delta, int count, bool isFirst)
    {
        delta = isFirst ? delta / Damping : delta / 2;
        delta += delta / count;
        var k = 0;
        for (; delta > (Radix - LeastThreshold) * GreatestThreshold / 2; k += Radix)
        {
            delta /= Radix - LeastThreshold;
        }
        return k + (int)((Radix - LeastThreshold + 1) * delta / (delta + Skew));
    }

    private static char Digit(long value) => (char)(value < 26 ? 'a' + value : '0' + value - 26);
}
