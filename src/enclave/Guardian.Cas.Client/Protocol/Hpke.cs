using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Guardian.Cas.Client.Protocol;

/// <summary>
/// HPKE (RFC 9180) for one message: mode base, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM. Thread-safe.
/// </summary>
internal static class Hpke
{
    /// <summary>The size of an encapsulated key: an uncompressed point.</summary>
    public const int KeySize = 65;

    /// <summary>The size by which a ciphertext is longer than its plaintext.</summary>
    public const int TagSize = 16;

    private const int CoordinateSize = 32;
    private const byte UncompressedPoint = 4;

    // RFC 9180, 4.1: "KEM" and the identifier of the KEM; 5.1: "HPKE" and the identifiers of KEM, KDF and AEAD.
    private static ReadOnlySpan<byte> KemSuite => [(byte)'K', (byte)'E', (byte)'M', 0x00, 0x10];

    private static ReadOnlySpan<byte> Suite => [(byte)'H', (byte)'P', (byte)'K', (byte)'E', 0x00, 0x10, 0x00, 0x01, 0x00, 0x01];

    /// <summary>Encrypts a message to the holder of a key.</summary>
    /// <param name="recipient">The P-256 key of the recipient.</param>
    /// <param name="info">The context that the recipient must give as well.</param>
    /// <param name="plaintext">The message.</param>
    /// <returns>The encapsulated key and the ciphertext.</returns>
    public static (byte[] Encapsulated, byte[] Ciphertext) Seal(
        ECDiffieHellmanPublicKey recipient, ReadOnlySpan<byte> info, ReadOnlySpan<byte> plaintext)
    {
        using var fresh = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var encapsulated = WritePoint(fresh.ExportParameters(includePrivateParameters: false));
        var (key, nonce) = Schedule(
            fresh.DeriveRawSecretAgreement(recipient), encapsulated, WritePoint(recipient.ExportParameters()), info);
        using var cipher = new AesGcm(key, TagSize);
        var sealedText = new byte[plaintext.Length + TagSize];
        cipher.Encrypt(nonce, plaintext, sealedText.AsSpan(0, plaintext.Length), sealedText.AsSpan(plaintext.Length));
        CryptographicOperations.ZeroMemory(key);
        return (encapsulated, sealedText);
    }

    /// <summary>Decrypts a message. Never throws for any content.</summary>
    /// <param name="own">The P-256 key of the recipient.</param>
    /// <param name="encapsulated">The encapsulated key.</param>
    /// <param name="info">The context that the sender gave.</param>
    /// <param name="ciphertext">The ciphertext.</param>
    /// <param name="additional">Additional authenticated data; <see cref="Seal"/> has none.</param>
    /// <returns>The message; null when it is for another key or context, or was altered.</returns>
    public static byte[]? Open(
        ECDiffieHellman own, ReadOnlySpan<byte> encapsulated, ReadOnlySpan<byte> info, ReadOnlySpan<byte> ciphertext,
        ReadOnlySpan<byte> additional = default)
    {
        if (ciphertext.Length < TagSize || encapsulated.Length != KeySize || encapsulated[0] != UncompressedPoint)
        {
            return null;
        }
        try
        {
            using var theirs = ECDiffieHellman.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint
                {
                    X = encapsulated.Slice(1, CoordinateSize).ToArray(),
                    Y = encapsulated[(1 + CoordinateSize)..].ToArray(),
                },
            });
            var (key, nonce) = Schedule(
                own.DeriveRawSecretAgreement(theirs.PublicKey), encapsulated,
                WritePoint(own.ExportParameters(includePrivateParameters: false)), info);
            using var cipher = new AesGcm(key, TagSize);
            CryptographicOperations.ZeroMemory(key);
            var plaintext = new byte[ciphertext.Length - TagSize];
            cipher.Decrypt(nonce, ciphertext[..plaintext.Length], ciphertext[plaintext.Length..], plaintext, additional);
            return plaintext;
        }
        catch (CryptographicException)
        {
            // A point off the curve, or a tag that does not fit.
            return null;
        }
    }

    // RFC 9180, 4.1 ExtractAndExpand and 5.1 KeySchedule; the first message has the base nonce (5.2).
    private static (byte[] Key, byte[] Nonce) Schedule(
        byte[] agreed, ReadOnlySpan<byte> encapsulated, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> info)
    {
        var extracted = Extract(KemSuite, [], "eae_prk"u8, agreed);
        var shared = Expand(KemSuite, extracted, "shared_secret"u8, [.. encapsulated, .. recipient], SHA256.HashSizeInBytes);
        byte[] context = [0, .. Extract(Suite, [], "psk_id_hash"u8, []), .. Extract(Suite, [], "info_hash"u8, info)];
        var secret = Extract(Suite, shared, "secret"u8, []);
        CryptographicOperations.ZeroMemory(agreed);
        CryptographicOperations.ZeroMemory(shared);
        return (Expand(Suite, secret, "key"u8, context, 16), Expand(Suite, secret, "base_nonce"u8, context, 12));
    }

    private static byte[] Extract(ReadOnlySpan<byte> suite, byte[] salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> input) =>
        HKDF.Extract(HashAlgorithmName.SHA256, [.. "HPKE-v1"u8, .. suite, .. label, .. input], salt);

    private static byte[] Expand(ReadOnlySpan<byte> suite, byte[] key, ReadOnlySpan<byte> label, byte[] info, int size)
    {
        var length = new byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)size);
        return HKDF.Expand(HashAlgorithmName.SHA256, key, size, [.. length, .. "HPKE-v1"u8, .. suite, .. label, .. info]);
    }

    private static byte[] WritePoint(ECParameters key) => [UncompressedPoint, .. key.Q.X!, .. key.Q.Y!];
}
