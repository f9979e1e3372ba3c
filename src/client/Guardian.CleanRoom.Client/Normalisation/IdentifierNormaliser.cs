using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;

namespace Guardian.CleanRoom.Client.Normalisation;

/// <summary>
/// Writes the identifiers of a data set as its profile demands, so that two companies write the same person alike. The profiles are part of
/// docs/spec/room.md; their published examples are tests. One per thread.
/// </summary>
public sealed class IdentifierNormaliser
{
    private const int HashTextSize = 2 * SHA256.HashSizeInBytes;

    private readonly Identifier identifier;
    private readonly PhoneNormaliser? phone;

    /// <summary>Prepares for the identifiers of a data set.</summary>
    public IdentifierNormaliser(Identifier identifier)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        this.identifier = identifier;
        phone = identifier.Kind == IdentifierKind.Phone ? new PhoneNormaliser(identifier.Region, hasPlus: identifier.Profile != IdentifierProfile.Meta) : null;
    }

    /// <summary>Characters that the buffer of <see cref="Normalise"/> needs for a text.</summary>
    public static int BufferSize(int textLength) => Math.Max(2 * textLength, HashTextSize);

    /// <summary>Normalises a cell. In a room where any data set holds hashes, the result is the lower-case hex of SHA-256 of the normalised identifier.</summary>
    /// <param name="buffer">Receives the result; <see cref="BufferSize"/> characters.</param>
    /// <returns>The length of the result: 0 when the cell is empty, -1 when it is no identifier of its kind.</returns>
    public int Normalise(ReadOnlySpan<char> text, Span<char> buffer)
    {
        if (identifier.Form == IdentifierForm.Sha256)
        {
            return ReadHash(text.Trim(), buffer);
        }
        var length = NormaliseClear(text, buffer);
        return length > 0 && identifier.IsMatchedByHash ? Hash(buffer[..length], buffer) : length;
    }

    private int NormaliseClear(ReadOnlySpan<char> text, Span<char> buffer)
    {
        text = text.Trim();
        if (text.Length > Identifiers.MaxSize)
        {
            return -1;
        }
        return (identifier.Kind, identifier.Profile) switch
        {
            (IdentifierKind.Email, IdentifierProfile.Plain) => CompleteEmail(buffer[..Compact(text, buffer, isUpper: false)]),
            (IdentifierKind.Email, IdentifierProfile.Google) => CompleteEmail(buffer[..WithoutMailboxTags(buffer[..Compact(text, buffer, isUpper: false)], "gmail.com", "googlemail.com")]),
            (IdentifierKind.Email, IdentifierProfile.Uid2) => CompleteEmail(buffer[..WithoutMailboxTags(buffer[..text.ToLowerInvariant(buffer)], "gmail.com")]),
            (IdentifierKind.Email, _) => CompleteEmail(buffer[..text.ToLowerInvariant(buffer)]),
            (IdentifierKind.Phone, _) => phone!.Normalise(text, buffer),
            (IdentifierKind.Name, IdentifierProfile.Exact) => text.ToLowerInvariant(buffer),
            (IdentifierKind.Name, _) => NameFolding.Fold(text, buffer),
            (IdentifierKind.Date, _) => DateWriting.Write(text, identifier.Order, buffer),
            (IdentifierKind.Postcode, _) => CompletePostcode(buffer[..LettersAndDigits(text, buffer)]),
            (_, IdentifierProfile.Exact) => Copy(text, buffer),
            _ => Compact(text, buffer, isUpper: true),
        };
    }

    private static int Copy(ReadOnlySpan<char> text, Span<char> buffer)
    {
        text.CopyTo(buffer);
        return text.Length;
    }

    // All white space removed, one case.
    private static int Compact(ReadOnlySpan<char> text, Span<char> buffer, bool isUpper)
    {
        var length = 0;
        foreach (var character in text)
        {
            if (!char.IsWhiteSpace(character))
            {
                buffer[length++] = isUpper ? char.ToUpperInvariant(character) : char.ToLowerInvariant(character);
            }
        }
        return length;
    }

    private static int LettersAndDigits(ReadOnlySpan<char> text, Span<char> buffer)
    {
        var length = 0;
        foreach (var character in text)
        {
            if (char.IsLetterOrDigit(character))
            {
                buffer[length++] = char.ToUpperInvariant(character);
            }
        }
        return length;
    }

    private int CompletePostcode(ReadOnlySpan<char> code) =>
        identifier.Profile != IdentifierProfile.Us || code.IsEmpty ? code.Length
        : code.Length is 5 or 9 && !code.ContainsAnyExceptInRange('0', '9') ? 5 : -1;

    // Before @ of these domains, dots and what follows a plus do not tell mailboxes apart.
    private static int WithoutMailboxTags(Span<char> address, params ReadOnlySpan<string> domains)
    {
        var at = address.LastIndexOf('@');
        var isOne = false;
        foreach (var domain in domains)
        {
            isOne |= at >= 0 && address[(at + 1)..].SequenceEqual(domain);
        }
        if (!isOne)
        {
            return address.Length;
        }
        var length = 0;
        for (var i = 0; i < at && address[i] != '+'; i++)
        {
            if (address[i] != '.')
            {
                address[length++] = address[i];
            }
        }
        address[at..].CopyTo(address[length..]);
        return length + address.Length - at;
    }

    // Exactly one @ with text on both sides, and no blanks between.
    private static int CompleteEmail(ReadOnlySpan<char> address)
    {
        if (address.IsEmpty)
        {
            return 0;
        }
        var at = address.IndexOf('@');
        return at > 0 && at < address.Length - 1 && at == address.LastIndexOf('@') && address.IndexOfAny(' ', '\t') < 0 ? address.Length : -1;
    }

    private static int Hash(ReadOnlySpan<char> normalised, Span<char> buffer)
    {
        Span<byte> utf8 = stackalloc byte[4 * Identifiers.MaxSize];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(utf8[..Encoding.UTF8.GetBytes(normalised, utf8)], hash);
        return WriteHash(hash, buffer);
    }

    private static int ReadHash(ReadOnlySpan<char> text, Span<char> buffer)
    {
        if (text.IsEmpty)
        {
            return 0;
        }
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var isHash = text.Length == HashTextSize
            ? Convert.FromHexString(text, hash, out _, out var size) == System.Buffers.OperationStatus.Done && size == hash.Length
            : text.Length == 44 && Convert.TryFromBase64Chars(text, hash, out size) && size == hash.Length;
        return isHash ? WriteHash(hash, buffer) : -1;
    }

    private static int WriteHash(ReadOnlySpan<byte> hash, Span<char> buffer)
    {
        Convert.TryToHexStringLower(hash, buffer, out var length);
        return length;
    }
}
