using System.Buffers;
using System.Globalization;

namespace Guardian.CleanRoom.Client.Reading;

/// <summary>A number with its unit or currency before or behind it: <c>5 EUR</c>, <c>-€5</c>.</summary>
/// <param name="Number">The number with its sign, as it is written.</param>
/// <param name="Unit">The text before or behind it.</param>
internal sealed record Amount(string Number, string Unit)
{
    // ISO 4217, without funds, metals and codes for tests.
    private static readonly HashSet<string> Codes =
    [
        .. ("AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC "
            + "CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK "
            + "JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR "
            + "MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP "
            + "STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG")
            .Split(' '),
    ];

    private static readonly SearchValues<char> Begin = SearchValues.Create("0123456789.,-+");
    private static readonly SearchValues<char> End = SearchValues.Create("0123456789.,");

    private static readonly string[] Signs = ["€ EUR", "£ GBP", "$ USD", "$ CAD", "$ AUD", "¥ JPY", "¥ CNY"];

    /// <summary>Splits a cell.</summary>
    /// <param name="text">The cell, without blanks around it.</param>
    /// <param name="unit">The unit of its column; null for none.</param>
    /// <returns>The amount; null where the cell has no unit that is the column's, the sign of a currency, or its code.</returns>
    public static Amount? Split(string text, string? unit)
    {
        var sign = text is ['-' or '+', ..] ? text[..1] : "";
        var rest = text[sign.Length..];
        var first = rest.AsSpan().IndexOfAny(Begin);
        var end = rest.AsSpan().LastIndexOfAny(End) + 1;
        if (first < 0 || end <= first)
        {
            return null;
        }
        var (before, behind) = (rest[..first].Trim(), rest[end..].Trim());
        var known = before + behind;
        return (before.Length == 0 || behind.Length == 0) && (known == unit || IsCurrency(known))
            ? new Amount(sign + rest[first..end], known)
            : null;
    }

    /// <summary>Whether an amount may be in a unit: in <c>EUR</c>, also <c>€</c> is.</summary>
    public bool IsIn(string unit) => Unit == unit || Signs.Contains($"{Unit} {unit}") || Signs.Contains($"{unit} {Unit}");

    private static bool IsCurrency(string text) =>
        Codes.Contains(text) || (text.Length == 1 && char.GetUnicodeCategory(text[0]) == UnicodeCategory.CurrencySymbol);
}
