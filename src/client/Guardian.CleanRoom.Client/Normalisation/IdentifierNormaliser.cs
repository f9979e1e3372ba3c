using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Base;
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

    // Without padding.
    private const int Base64Size = 43;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    private readonly Identifier identifier;
    private readonly PhoneNormaliser? phone;
    private readonly EmailNormaliser? email;

    /// <param name="identifier">The identifier of the data set, or a part of a composite.</param>
    public IdentifierNormaliser(Identifier identifier)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        this.identifier = identifier;
        phone = identifier.Kind == IdentifierKind.Phone
            ? new PhoneNormaliser(identifier.Region, hasPlus: identifier.Profile != IdentifierProfile.Meta)
            : null;
        email = identifier.Kind == IdentifierKind.Email ? new EmailNormaliser(identifier.Profile) : null;
    }

    /// <summary>The size in characters that the buffer of <see cref="Normalise"/> needs for a text.</summary>
    public static int BufferSize(int textLength) => Math.Max(2 * textLength, HashTextSize);

    /// <summary>Normalises a cell. In a room where any data set holds hashes, the result is the SHA-256 of the normalised identifier,
    /// lower-case hex.</summary>
    /// <param name="text">The cell.</param>
    /// <param name="buffer">Receives the result; <see cref="BufferSize"/> characters.</param>
    /// <returns>The length of the result: 0 when the cell is empty, -1 when it is not an identifier of its kind, and
    /// <see cref="Nobody.Length"/> when it says that there is none, such as <c>NULL</c> or <c>noreply@example.com</c>.</returns>
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
        text = RemoveInvisible(text).Trim();
        if (text.Length > Identifiers.MaxSize)
        {
            return -1;
        }
        if (Nobody.IsWord(text, identifier.Kind))
        {
            return Nobody.Length;
        }
        return (identifier.Kind, identifier.Profile) switch
        {
            (IdentifierKind.Email, _) => email!.Normalise(text, buffer),
            (IdentifierKind.Phone, _) => phone!.Normalise(text, buffer),
            (IdentifierKind.Maid or IdentifierKind.Uid2 or IdentifierKind.Euid or IdentifierKind.RampId, _) =>
                DeviceNormaliser.Normalise(identifier.Kind, text, buffer),
            (IdentifierKind.CustomerId, _) => NormaliseNumber(text, buffer),
            (IdentifierKind.Name, IdentifierProfile.Exact) => text.ToLowerInvariant(buffer),
            (IdentifierKind.Name, IdentifierProfile.Sound) => NameFolding.Fold(text, buffer[..^1]) is var length and >= 0
                ? NameSound.Encode(buffer, length)
                : -1,
            (IdentifierKind.Name, _) => NameFolding.Fold(text, buffer),
            (IdentifierKind.Date, IdentifierProfile.Unordered) => DateNormaliser.NormaliseUnordered(text, identifier.Order, buffer),
            (IdentifierKind.Date, _) => DateNormaliser.Normalise(text, identifier.Order, buffer),
            (IdentifierKind.Postcode, _) => CheckPostcode(buffer[..KeepLettersAndDigits(text, buffer)]),
            _ => throw new InvalidOperationException($"{identifier.Kind} has no rule"),
        };
    }

    private static ReadOnlySpan<char> RemoveInvisible(ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            if (Nobody.IsInvisible(character))
            {
                return string.Concat(text.ToString().Where(each => !Nobody.IsInvisible(each)));
            }
        }
        return text;
    }

    private int NormaliseNumber(ReadOnlySpan<char> text, Span<char> buffer)
    {
        text = CanonicalText.IsSurelyComposed(text) ? text : CanonicalText.Compose(text.ToString());
        var length = identifier.Profile == IdentifierProfile.Exact ? Copy(text, buffer) : RemoveWhiteSpace(text, buffer);
        var isNobody = !buffer[..length].ContainsAnyExcept('0') || (IsHexHash(text) && Nobody.IsHash(text.ToString().ToLowerInvariant()));
        return length > 0 && isNobody ? Nobody.Length : length;
    }

    /// <summary>Whether a text has the form of MD5, SHA-1 or SHA-256 in hex, or of SHA-256 in base64 or base64url.</summary>
    public static bool LooksHashed(ReadOnlySpan<char> text) =>
        (text.Length is 32 or 40 or HashTextSize && !text.ContainsAnyExcept(HexDigits))
        || TryReadBase64(text, stackalloc byte[SHA256.HashSizeInBytes]);

    // Base64 and base64url (RFC 4648), with or without padding.
    private static bool TryReadBase64(ReadOnlySpan<char> text, Span<byte> hash)
    {
        Span<char> url = stackalloc char[Base64Size];
        text = text.TrimEnd('=');
        if (text.Length != url.Length)
        {
            return false;
        }
        text.Replace(url, '+', '-');
        url.Replace('/', '_');
        return Base64Url.IsValid(url) && Base64Url.DecodeFromChars(url, hash) == hash.Length;
    }

    /// <summary>Removes what databases write before the hex digits of bytes: <c>0x</c>, or <c>\x</c> (PostgreSQL).</summary>
    public static ReadOnlySpan<char> RemoveHexPrefix(ReadOnlySpan<char> text) =>
        text is ['0' or '\\', 'x' or 'X', ..] ? text[2..] : text;

    private static bool IsHexHash(ReadOnlySpan<char> text) => text.Length == HashTextSize && !text.ContainsAnyExcept(HexDigits);

    private static int Copy(ReadOnlySpan<char> text, Span<char> buffer)
    {
        text.CopyTo(buffer);
        return text.Length;
    }

    private static int RemoveWhiteSpace(ReadOnlySpan<char> text, Span<char> buffer)
    {
        var length = 0;
        foreach (var character in text)
        {
            if (!char.IsWhiteSpace(character))
            {
                buffer[length++] = char.ToUpperInvariant(character);
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

    private static int Hash(ReadOnlySpan<char> normalised, Span<char> buffer)
    {
        Span<byte> utf8 = stackalloc byte[4 * Identifiers.MaxSize];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(utf8[..Encoding.UTF8.GetBytes(normalised, utf8)], hash);
        return WriteHash(hash, buffer);
    }

    private int ReadHash(ReadOnlySpan<char> text, Span<char> buffer)
    {
        if (text.IsEmpty)
        {
            return 0;
        }
        if (Nobody.IsWord(text, identifier.Kind))
        {
            return Nobody.Length;
        }
        text = RemoveHexPrefix(text);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var isHash = text.Length == HashTextSize
            ? Convert.FromHexString(text, hash, out _, out var size) == OperationStatus.Done && size == hash.Length
            : TryReadBase64(text, hash);
        if (!isHash)
        {
            return -1;
        }
        var length = WriteHash(hash, buffer);
        return Nobody.IsHash(buffer[..length]) ? Nobody.Length : length;
    }

    private static int WriteHash(ReadOnlySpan<byte> hash, Span<char> buffer)
    {
        Convert.TryToHexStringLower(hash, buffer, out var length);
        return length;
    }
}
