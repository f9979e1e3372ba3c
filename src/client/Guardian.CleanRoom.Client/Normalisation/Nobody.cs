using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Normalisation;

/// <summary>
/// Knows the identifiers that systems write when they have none: <c>NULL</c>, repeated digits, <c>noreply@</c>, an advertising identifier
/// of zeros, and hashes of these. As persons they would all be one, and would match every partner's. Thread-safe.
/// </summary>
internal static class Nobody
{
    /// <summary>The length that stands for an identifier of nobody in place of that of a normalised identifier.</summary>
    public const int Length = -2;

    private const int MaxPhone = 15;
    private const int LeastPhone = 7;

    // Words that no person is called.
    private static readonly HashSet<string> Signs =
    [
        "n/a", "#n/a", "n.a.", "n.a", "n/v", "#nv", "#null!", "(null)", "<null>", "[null]", "\\n", "-", "--", "---", "_", ".", "..", "?",
        "??",
        "unknown", "unbekannt", "undefined", "not provided", "(blank)", "(empty)", "(none)",
    ];

    // Words that are names of persons too.
    private static readonly HashSet<string> Words = ["null", "nil", "none", "na", "nan", "void", "empty", "blank", "anonymous", "anonym"];

    private static readonly HashSet<string> Mailboxes =
    [
        "noreply", "no-reply", "no_reply", "no.reply", "donotreply", "do-not-reply", "do_not_reply", "do.not.reply", "nobody", "unknown",
        "unbekannt", "undefined", "none", "null", "noemail", "no-email", "no_email", "no.email", "nomail", "no-mail", "no_mail", "no.mail",
        "notprovided", "not-provided", "not_provided", "keine", "keinemail", "keine-mail", "keineemail", "keine-email", "anonymous",
        "anonym", "invalid", "mailer-daemon",
    ];

    private static readonly HashSet<string> SameOnBothSides = ["test", "none", "null", "na", "noemail", "nomail", "asdf", "abc", "xxx"];

    private static readonly string[] CountedDigits =
        ["1234567", "12345678", "123456789", "1234567890", "0123456789", "01234567890", "9876543210", "987654321"];

    private static readonly Lazy<HashSet<string>> Hashes = new(
        () => [.. Texts().Select(text => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))))]);

    /// <summary>Whether a cell says that there is no identifier.</summary>
    /// <param name="text">The cell, trimmed.</param>
    /// <param name="kind">The kind of identifier; some of the words are names of persons.</param>
    public static bool IsWord(ReadOnlySpan<char> text, IdentifierKind kind)
    {
        if (text.Length is 0 or > 16)
        {
            return false;
        }
        Span<char> lower = stackalloc char[16];
        lower = lower[..text.ToLowerInvariant(lower)];
        return Signs.GetAlternateLookup<ReadOnlySpan<char>>().Contains(lower)
            || (kind != IdentifierKind.Name && Words.GetAlternateLookup<ReadOnlySpan<char>>().Contains(lower));
    }

    /// <summary>Whether a digest is the SHA-256 of nothing, or of a text that means nobody.</summary>
    /// <param name="hash">64 digits, lower-case hex.</param>
    public static bool IsHash(ReadOnlySpan<char> hash) =>
        IsRepeated(hash) || Hashes.Value.GetAlternateLookup<ReadOnlySpan<char>>().Contains(hash);

    /// <summary>Whether nobody reads the mail of an address.</summary>
    /// <param name="name">The part before @, lower case.</param>
    /// <param name="domain">The domain in ASCII, lower case.</param>
    public static bool HasMailbox(ReadOnlySpan<char> name, string domain) =>
        Mailboxes.GetAlternateLookup<ReadOnlySpan<char>>().Contains(name)
        || domain.EndsWith(".invalid", StringComparison.Ordinal)
        || (SameOnBothSides.GetAlternateLookup<ReadOnlySpan<char>>().Contains(name)
            && (name.SequenceEqual(domain.AsSpan(0, domain.IndexOf('.', StringComparison.Ordinal)))
                || domain.StartsWith("example.", StringComparison.Ordinal)));

    /// <summary>Whether a number is one that people type when they want to give none.</summary>
    /// <param name="national">The number without its country code, digits only.</param>
    public static bool HasNumber(string national) => IsRepeated(national) || CountedDigits.Contains(national);

    /// <summary>Whether all characters are the same, of which there are at least two.</summary>
    public static bool IsRepeated(ReadOnlySpan<char> text) => text.Length > 1 && text.IndexOfAnyExcept(text[0]) < 0;

    /// <summary>Whether a character shows nothing and moves nothing: a byte order mark, a soft hyphen, a mark of direction.</summary>
    public static bool IsInvisible(char character) =>
        character == '\u00AD' || (character > '\u00FF' && CharUnicodeInfo.GetUnicodeCategory(character) == UnicodeCategory.Format);

    // Each text that other systems hash although it is nobody's identifier.
    private static IEnumerable<string> Texts()
    {
        string[] mails = ["test@test.com", "test@example.com", "noreply@example.com", "none@none.com", "na@na.com", "null@null.com"];
        var words = Signs.Concat(Words).Concat(["", " ", "0", "true", "false"]);
        var repeated = Enumerable.Range('0', 10)
            .SelectMany(digit => Enumerable.Range(LeastPhone, MaxPhone - LeastPhone + 1).Select(size => new string((char)digit, size)));
        var numbers = repeated.Concat(CountedDigits).Append("");
        var device = new string('0', 32);
        var devices = new[] { device, Guid.Empty.ToString() };
        return words.SelectMany(word => new[] { word, word.ToUpperInvariant(), Capitalise(word) })
            .Concat(mails).Concat(numbers).Concat(numbers.Select(number => $"+{number}")).Concat(devices);
    }

    private static string Capitalise(string word) => word.Length == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..];
}
