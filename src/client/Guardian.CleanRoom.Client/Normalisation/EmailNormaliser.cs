using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Normalisation;

/// <summary>
/// Writes e-mail addresses alike. Every profile takes the address out of <c>mailto:</c> and <c>Name &lt;address&gt;</c>, composes accents,
/// and writes the domain in ASCII without a last dot.
/// </summary>
/// <param name="profile">The profile of the identifier.</param>
internal sealed class EmailNormaliser(IdentifierProfile profile)
{
    private const string Scheme = "mailto:";

    // Signs that stand around or between addresses, and in none.
    private const string Marks = ",;<>()\"";

    /// <summary>Normalises an address.</summary>
    /// <param name="text">The cell, trimmed and without invisible characters.</param>
    /// <param name="buffer">Receives the result.</param>
    /// <returns>The length of the result: 0 when the text is empty, -1 when it is not one address, <see cref="Nobody.Length"/> when it is
    /// the address of nobody.</returns>
    public int Normalise(ReadOnlySpan<char> text, Span<char> buffer)
    {
        var address = CanonicalText.IsSurelyComposed(text) ? text : CanonicalText.Compose(text.ToString());
        var length = Copy(Unwrap(address), buffer);
        if (length <= 0)
        {
            return length;
        }
        var at = buffer[..length].IndexOf('@');
        if (at <= 0 || at != buffer[..length].LastIndexOf('@'))
        {
            return -1;
        }
        var domain = DomainName.ToAscii(buffer[(at + 1)..length].ToString());
        if (domain is null || !domain.TryCopyTo(buffer[(at + 1)..]))
        {
            return -1;
        }
        var name = RemoveMailboxTags(buffer[..at], domain);
        domain.CopyTo(buffer[(name + 1)..]);
        buffer[name] = '@';
        return name == 0 ? -1
            : Nobody.HasMailbox(buffer[..name], domain) ? Nobody.Length
            : name + 1 + domain.Length;
    }

    /// <summary>Whether a cell holds more than one address.</summary>
    public static bool HasSeveral(ReadOnlySpan<char> text) => text.Count('@') > 1;

    // The address of 'mailto:anna@example.com?subject=…', of 'Anna Kern <anna@example.com>', and of '"anna@example.com"'.
    private static ReadOnlySpan<char> Unwrap(ReadOnlySpan<char> text)
    {
        if (text.IndexOf('<') is var open && open >= 0 && text[^1] == '>')
        {
            text = text[(open + 1)..^1];
        }
        text = text.Trim().Trim("\"'").TrimEnd(",;").Trim();
        if (text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            text = text[Scheme.Length..];
            text = text.IndexOf('?') is var query && query >= 0 ? text[..query] : text;
        }
        return text;
    }

    // Returns the length, or -1 for characters that no address has.
    private int Copy(ReadOnlySpan<char> text, Span<char> buffer)
    {
        var areBlanksDropped = profile is IdentifierProfile.Plain or IdentifierProfile.Google;
        var length = 0;
        foreach (var character in text)
        {
            var isBlank = char.IsWhiteSpace(character);
            if (isBlank && areBlanksDropped)
            {
                continue;
            }
            if (isBlank || char.IsControl(character) || Marks.Contains(character) || length == buffer.Length)
            {
                return -1;
            }
            buffer[length++] = char.ToLowerInvariant(character);
        }
        return length;
    }

    // In addresses of these domains, dots and a suffix that begins with a plus name no other mailbox.
    private int RemoveMailboxTags(Span<char> name, string domain)
    {
        var hasTags = profile switch
        {
            IdentifierProfile.Google => domain is "gmail.com" or "googlemail.com",
            IdentifierProfile.Uid2 => domain is "gmail.com",
            _ => false,
        };
        if (!hasTags)
        {
            return name.Length;
        }
        var length = 0;
        for (var i = 0; i < name.Length && name[i] != '+'; i++)
        {
            if (name[i] != '.')
            {
                name[length++] = name[i];
            }
        }
        return length;
    }
}
