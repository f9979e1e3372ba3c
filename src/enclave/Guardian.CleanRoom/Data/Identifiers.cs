using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;

namespace Guardian.CleanRoom.Data;

/// <summary>112 bits that stand for a person: words as they are stored. Ascends by high word, then low.</summary>
public readonly record struct Tag(ulong High, ulong Low) : IComparable<Tag>
{
    /// <inheritdoc/>
    public int CompareTo(Tag other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);

    /// <summary>Before.</summary>
    public static bool operator <(Tag left, Tag right) => left.CompareTo(right) < 0;

    /// <summary>After.</summary>
    public static bool operator >(Tag left, Tag right) => left.CompareTo(right) > 0;

    /// <summary>Before or the same.</summary>
    public static bool operator <=(Tag left, Tag right) => left.CompareTo(right) <= 0;

    /// <summary>After or the same.</summary>
    public static bool operator >=(Tag left, Tag right) => left.CompareTo(right) >= 0;
}

/// <summary>Tags normalised identifiers.</summary>
public static class Identifiers
{
    /// <summary>The most characters of a normalised identifier. RFC 5321, 4.5.3.1.3: a path has at most 256 octets; longer ones are typing errors.</summary>
    public const int MaxSize = 320;

    /// <summary>
    /// Tags a normalised identifier: the first 14 bytes of HMAC-SHA256(match key, label of the kind || 0 || UTF-8), big-endian.
    /// </summary>
    /// <param name="matchKey">32 bytes.</param>
    /// <param name="normalised">At most <see cref="MaxSize"/> characters.</param>
    public static Tag Tag(ReadOnlySpan<byte> matchKey, IdentifierKind kind, ReadOnlySpan<char> normalised)
    {
        Span<byte> message = stackalloc byte[16 + (4 * MaxSize)];
        var size = WriteLabel(kind, message);
        size += Encoding.UTF8.GetBytes(normalised, message[size..]);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(matchKey, message[..size], mac);
        return ToTag(BinaryPrimitives.ReadUInt64BigEndian(mac), BinaryPrimitives.ReadUInt64BigEndian(mac[8..]));
    }

    /// <summary>Writes what stands before the identifier in the message that is tagged.</summary>
    /// <param name="message">At least 16 bytes.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteLabel(IdentifierKind kind, Span<byte> message)
    {
        var label = kind switch { IdentifierKind.Email => "email\0"u8, IdentifierKind.Phone => "phone\0"u8, IdentifierKind.Composite => "composite\0"u8, _ => "customer_id\0"u8 };
        label.CopyTo(message);
        return label.Length;
    }

    /// <summary>The tag made of the first 16 bytes of a MAC, as big-endian words.</summary>
    public static Tag ToTag(ulong first, ulong second)
    {
        // All ones means an empty slot; the one tag in 2^64 that has them becomes its neighbour.
        return new Tag(first == Elements.Empty ? first - 1 : first, second & ~Elements.PayloadMask);
    }
}
