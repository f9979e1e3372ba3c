using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Client.Normalisation;

/// <summary>
/// Writes the identifiers of a data set in the form that its profile prescribes, so that two companies write the same person alike.
/// docs/spec/room.md specifies the profiles; their published examples are tests. Not thread-safe.
/// </summary>
internal sealed class IdentifierNormaliser
{
    private const int HashTextSize = 2 * SHA256.HashSizeInBytes;

    private readonly Identifier identifier;
    private readonly PhoneNormaliser? phone;

    /// <param name="identifier">The identifier of the data set, or a part of a composite.</param>
    public IdentifierNormaliser(Identifier identifier)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        this.identifier = identifier;
        phone = identifier.Kind == IdentifierKind.Phone
            ? new PhoneNormaliser(identifier.Region, hasPlus: identifier.Profile != IdentifierProfile.Meta)
            : null;
    }

    /// <summary>The size in characters that the buffer of <see cref="Normalise"/> needs for a text.</summary>
    public static int BufferSize(int textLength) => Math.Max(2 * textLength, HashTextSize);

    /// <summary>Normalises a cell. In a room where any data set holds hashes, the result is the SHA-256 of the normalised identifier,
    /// lower-case hex.</summary>
    /// <param name="text">The cell.</param>
    /// <param name="buffer">Receives the result; <see cref="BufferSize"/> characters.</param>
    /// <returns>The length of the result: 0 when the cell is empty, -1 when it is not an identifier of its kind.</returns>
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
            (IdentifierKind.Email, _) => NormaliseEmail(text, buffer),
            (IdentifierKind.Phone, _) => phone!.Normalise(text, buffer),
            (IdentifierKind.Name, IdentifierProfile.Exact) => text.ToLowerInvariant(buffer),
            (IdentifierKind.Name, _) => NameFolding.Fold(text, buffer),
            (IdentifierKind.Date, _) => DateNormaliser.Normalise(text, identifier.Order, buffer),
            (IdentifierKind.Postcode, _) => CheckPostcode(buffer[..KeepLettersAndDigits(text, buffer)]),
            (_, IdentifierProfile.Exact) => Copy(text, buffer),
            _ => RemoveWhiteSpace(text, buffer, isUpper: true),
        };
    }

    private int NormaliseEmail(ReadOnlySpan<char> text, Span<char> buffer)
    {
        var address = buffer[..(identifier.Profile is IdentifierProfile.Plain or IdentifierProfile.Google
            ? RemoveWhiteSpace(text, buffer, isUpper: false)
            : text.ToLowerInvariant(buffer))];
        return CheckEmail(identifier.Profile switch
        {
            IdentifierProfile.Google => address[..RemoveMailboxTags(address, "gmail.com", "googlemail.com")],
            IdentifierProfile.Uid2 => address[..RemoveMailboxTags(address, "gmail.com")],
            _ => address,
        });
    }

    private static int Copy(ReadOnlySpan<char> text, Span<char> buffer)
    {
        text.CopyTo(buffer);
        return text.Length;
    }

    private static int RemoveWhiteSpace(ReadOnlySpan<char> text, Span<char> buffer, bool isUpper)
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

    private static int KeepLettersAndDigits(ReadOnlySpan<char> text, Span<char> buffer)
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

    private int CheckPostcode(ReadOnlySpan<char> code) =>
        identifier.Profile != IdentifierProfile.Us || code.IsEmpty ? code.Length
        : code.Length is 5 or 9 && !code.ContainsAnyExceptInRange('0', '9') ? 5 : -1;

    // In addresses of these domains, dots and a suffix that begins with a plus name no other mailbox.
    private static int RemoveMailboxTags(Span<char> address, params ReadOnlySpan<string> domains)
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

    // An address has exactly one @ with text on both sides, and no blanks.
    private static int CheckEmail(ReadOnlySpan<char> address)
    {
        if (address.IsEmpty)
        {
            return 0;
        }
        var at = address.IndexOf('@');
        var isAddress = at > 0 && at < address.Length - 1 && at == address.LastIndexOf('@') && address.IndexOfAny(' ', '\t') < 0;
        return isAddress ? address.Length : -1;
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
