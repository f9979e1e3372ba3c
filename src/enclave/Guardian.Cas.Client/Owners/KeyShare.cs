using System.Security.Cryptography;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Protocol;

namespace Guardian.Cas.Client.Owners;

/// <summary>
/// Encrypts a share of a store's key to its owner: ECDH on P-256 with a fresh key, HKDF-SHA256 over both public keys and the
/// commitment to the key, AES-256-GCM. Thread-safe.
/// </summary>
public static class KeyShare
{
    private const int TagSize = 16;

    /// <summary>Encrypts a share to an owner.</summary>
    /// <param name="x">The number of the share, from 1.</param>
    /// <param name="share">The share.</param>
    /// <param name="recipient">The owner's public key, base64.</param>
    /// <param name="commitment">Names the key that was split.</param>
    internal static RecoveryShare Encrypt(int x, ReadOnlySpan<byte> share, string recipient, ReadOnlySpan<byte> commitment)
    {
        var publicKey = Convert.FromBase64String(recipient);
        using var fresh = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using var theirs = ECDiffieHellman.Create();
        theirs.ImportSubjectPublicKeyInfo(publicKey, out _);
        var ephemeral = fresh.ExportSubjectPublicKeyInfo();
        using var cipher = CreateCipher(fresh.DeriveRawSecretAgreement(theirs.PublicKey), ephemeral, publicKey, commitment);
        var (sealedShare, tag) = (new byte[share.Length], new byte[TagSize]);
        cipher.Encrypt(new byte[AesGcm.NonceByteSizes.MaxSize], share, sealedShare, tag);
        return new RecoveryShare(KeyHash.TryRead(recipient)!, x, ephemeral, [.. sealedShare, .. tag], SHA256.HashData(share));
    }

    /// <summary>Decrypts a share.</summary>
    /// <param name="share">The encrypted share.</param>
    /// <param name="key">An owner's key.</param>
    /// <param name="commitment">Names the key that was split: <see cref="RecoveryDescription.Commitment"/>.</param>
    /// <returns>The share, 32 bytes; null when it is a share of another owner or of another key, or was altered.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="share"/> or <paramref name="key"/> is null.</exception>
    public static byte[]? Decrypt(RecoveryShare share, IdentityKey key, ReadOnlySpan<byte> commitment)
    {
        ArgumentNullException.ThrowIfNull(share);
        ArgumentNullException.ThrowIfNull(key);
        if (share.Sealed.Length <= TagSize || key.TryAgree(share.Ephemeral) is not { } secret)
        {
            return null;
        }
        using var cipher = CreateCipher(secret, share.Ephemeral, key.SubjectPublicKeyInfo, commitment);
        var result = new byte[share.Sealed.Length - TagSize];
        try
        {
            cipher.Decrypt(
                new byte[AesGcm.NonceByteSizes.MaxSize], share.Sealed.AsSpan(0, result.Length), share.Sealed.AsSpan(result.Length), result);
            return result;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>Whether shares can be encrypted to a key: it is a P-256 public key in base64.</summary>
    internal static bool IsRecipient(string key) => IdentityKey.IsPublicKey(key);

    private static AesGcm CreateCipher(byte[] secret, byte[] ephemeral, byte[] recipient, ReadOnlySpan<byte> commitment)
    {
        var key = HKDF.DeriveKey(
            HashAlgorithmName.SHA256, secret, 32, info: [.. "guardian-cas share"u8, .. ephemeral, .. recipient, .. commitment]);
        CryptographicOperations.ZeroMemory(secret);
        var cipher = new AesGcm(key, TagSize);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }
}
