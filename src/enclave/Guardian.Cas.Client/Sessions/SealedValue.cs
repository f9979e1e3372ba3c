using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Guardian.Cas.Client.Protocol;

namespace Guardian.Cas.Client.Sessions;

/// <summary>
/// A value that only one CAS can open, and only for one secret of one session of one creator (docs/spec/sealed-values.md). Immutable.
/// </summary>
/// <param name="KeyId">The first 8 bytes of SHA-256 of the CAS's key.</param>
/// <param name="Encapsulated">The encapsulated key, 65 bytes.</param>
/// <param name="Ciphertext">The padded text of the value, and a tag of 16 bytes.</param>
internal sealed record SealedValue(ReadOnlyMemory<byte> KeyId, ReadOnlyMemory<byte> Encapsulated, ReadOnlyMemory<byte> Ciphertext)
{
    private const byte FormatVersion = 1;
    private const int KeyIdSize = 8;
    private const int HeaderSize = 1 + KeyIdSize + Hpke.KeySize;

    // Readers of the file see how long a value is only in steps.
    private const int PaddingStep = 64;

    // The largest value in base64 or PEM, padded.
    private const int MaxTextSize = SecretValues.MaxSize * 2;

    /// <summary>Names a key.</summary>
    /// <param name="subjectPublicKeyInfo">The key, DER.</param>
    public static byte[] IdOf(ReadOnlySpan<byte> subjectPublicKeyInfo) => SHA256.HashData(subjectPublicKeyInfo)[..KeyIdSize];

    /// <summary>Reads base64 as <see cref="ToString"/> writes it; null for anything else. Never throws for any content.</summary>
    public static SealedValue? TryRead(string text)
    {
        var bytes = new byte[HeaderSize + MaxTextSize + Hpke.TagSize];
        return Convert.TryFromBase64String(text, bytes, out var size) && size >= HeaderSize + PaddingStep + Hpke.TagSize
            && (size - HeaderSize - Hpke.TagSize) % PaddingStep == 0 && bytes[0] == FormatVersion
            ? new SealedValue(bytes.AsMemory(1, KeyIdSize), bytes.AsMemory(1 + KeyIdSize, Hpke.KeySize), bytes.AsMemory(HeaderSize..size))
            : null;
    }

    /// <summary>Seals a value.</summary>
    /// <param name="text">The value as a session writes it.</param>
    /// <param name="cas">The key of the CAS.</param>
    /// <param name="place">The only place at which the CAS opens it.</param>
    /// <exception cref="CryptographicException">The key is not a P-256 key.</exception>
    public static SealedValue Seal(string text, SealingKey cas, SealedPlace place)
    {
        using var key = ECDiffieHellman.Create();
        key.ImportSubjectPublicKeyInfo(cas.Key, out _);
        var value = Encoding.UTF8.GetBytes(text);
        var padded = new byte[Math.Max((value.Length + PaddingStep - 1) / PaddingStep, 1) * PaddingStep];
        value.CopyTo(padded, 0);
        var (encapsulated, ciphertext) = Hpke.Seal(key.PublicKey, place.ToBytes(cas.Identity), padded);
        return new SealedValue(IdOf(cas.Key), encapsulated, ciphertext);
    }

    /// <summary>Opens the value. Never throws for any content.</summary>
    /// <param name="key">The key of the CAS.</param>
    /// <param name="identity">The identity of the CAS.</param>
    /// <param name="place">The place at which the value stands.</param>
    /// <returns>The bytes that the CAS keeps; null when it was sealed for another place or CAS, or is no value of the kind.</returns>
    public byte[]? TryOpen(ECDiffieHellman key, string identity, SealedPlace place)
    {
        if (Hpke.Open(key, Encapsulated.Span, place.ToBytes(identity), Ciphertext.Span) is not { } padded)
        {
            return null;
        }
        var value = SecretValues.TryRead(place.Kind, Encoding.UTF8.GetString(padded.AsSpan().TrimEnd((byte)0)));
        CryptographicOperations.ZeroMemory(padded);
        return value;
    }

    /// <summary>Writes base64 of: version 1 | key id 8 | encapsulated key 65 | ciphertext.</summary>
    public override string ToString() =>
        Convert.ToBase64String([FormatVersion, .. KeyId.Span, .. Encapsulated.Span, .. Ciphertext.Span]);
}

/// <summary>The only place at which a CAS opens a sealed value.</summary>
/// <param name="Creator">The hash of the key that created the session. A name alone does not protect: anybody may take a free one.</param>
/// <param name="Session">The session's name.</param>
/// <param name="Secret">The secret's name.</param>
/// <param name="Kind">The secret's kind.</param>
internal sealed record SealedPlace(string Creator, string Session, string Secret, SecretKind Kind)
{
    /// <summary>Writes a label, and each field as its length in 2 bytes (big-endian) and its UTF-8.</summary>
    /// <param name="identity">The identity of the CAS.</param>
    public byte[] ToBytes(string identity)
    {
        var bytes = new List<byte>("guardian-sealed-value-v1"u8.ToArray());
        Span<byte> length = stackalloc byte[sizeof(ushort)];
        foreach (var field in new[] { identity, Creator, Session, Secret, SecretReader.NameOf(Kind) })
        {
            var utf8 = Encoding.UTF8.GetBytes(field);
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)utf8.Length);
            bytes.AddRange(length);
            bytes.AddRange(utf8);
        }
        return [.. bytes];
    }
}
