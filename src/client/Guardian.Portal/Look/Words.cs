using System.Globalization;

namespace Guardian.Portal.Look;

/// <summary>Writes values for people, the same way on every page.</summary>
public static class Words
{
    /// <summary>A sentence from a message, which begins in lower case and has no full stop.</summary>
    /// <param name="message">The message.</param>
    public static string Sentence(string message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return message.Length == 0 ? message : char.ToUpperInvariant(message[0]) + message[1..] + (message[^1] is '.' or '?' ? "" : ".");
    }

    /// <summary>A whole number with commas between thousands.</summary>
    /// <param name="number">The number.</param>
    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A number of things: <c>1 person</c>, <c>2 persons</c>.</summary>
    /// <param name="number">The number.</param>
    /// <param name="one">The word for one.</param>
    /// <param name="many">The word for others; null for <paramref name="one"/> with an s.</param>
    public static string Count(long number, string one, string? many = null) =>
        $"{Number(number)} {(number == 1 ? one : many ?? one + "s")}";

    /// <summary>A share of a budget.</summary>
    /// <param name="number">The number.</param>
    public static string Amount(decimal number) => number.ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>An instant in UTC, to the minute.</summary>
    /// <param name="instant">The instant.</param>
    public static string Instant(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) + " UTC";

    /// <summary>A day in UTC.</summary>
    /// <param name="instant">An instant of the day.</param>
    public static string Day(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>The first 16 characters of a hash.</summary>
    /// <param name="hash">The hash.</param>
    public static string Brief(string hash)
    {
        ArgumentNullException.ThrowIfNull(hash);
        return hash.Length > 16 ? hash[..16] + "…" : hash;
    }
}
