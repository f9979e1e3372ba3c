using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Layout;

/// <summary>Tags normalised identifiers.</summary>
public static class Identifiers
{
    /// <summary>
    /// The most characters of a normalised identifier. A path of RFC 5321 (4.5.3.1.3) has at most 256 octets; longer ones are typing
    /// errors.
    /// </summary>
    public const int MaxSize = 320;

    /// <summary>
    /// Tags a normalised identifier: the first 14 bytes of HMAC-SHA256(match key, label of the kind || 0 || UTF-8), big-endian.
    /// </summary>
    /// <param name="matchKey">32 bytes.</param>
    /// <param name="kind">The kind, which is part of the message.</param>
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

    /// <summary>Writes the label that precedes the identifier in the tagged message.</summary>
    /// <param name="kind">The kind of identifier.</param>
    /// <param name="message">At least 16 bytes.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteLabel(IdentifierKind kind, Span<byte> message)
    {
        var label = kind switch
        {
            IdentifierKind.Email => "email\0"u8,
            IdentifierKind.Phone => "phone\0"u8,
            IdentifierKind.Composite => "composite\0"u8,
            IdentifierKind.Maid => "maid\0"u8,
            IdentifierKind.Uid2 => "uid2\0"u8,
            IdentifierKind.Euid => "euid\0"u8,
            IdentifierKind.RampId => "rampid\0"u8,
            _ => "customer_id\0"u8,
        };
        label.CopyTo(message);
        return label.Length;
    }

    /// <summary>Makes a tag of the first 16 bytes of a MAC.</summary>
    /// <param name="first">Bytes 0 to 7, big-endian.</param>
    /// <param name="second">Bytes 8 to 15, big-endian; the last two are dropped.</param>
    public static Tag ToTag(ulong first, ulong second)
    {
        // All ones mark an empty slot; the one tag in 2^64 that has them becomes its neighbour.
        return new Tag(first == Elements.Empty ? first - 1 : first, second & ~Elements.PayloadMask);
    }
}
