using System.Buffers.Binary;
using System.Security.Cryptography;
using Guardian.Sgx.Keys;
using Guardian.Sgx.Reports;

namespace Guardian.Sgx.Enclaves;

/// <summary>
/// Seals data for later runs on the same machine, in the layout of Intel's SDK (sgx_sealed_data_t): AES-128-GCM under a seal key.
/// Thread-safe.
/// </summary>
/// <remarks>
/// Little-endian: <c>0 KEYREQUEST 512 | 512 plain text offset 4 | 516 reserved 12 | 528 payload size 4 | 532 reserved 12 | 544 tag 16 | 560
/// payload</c>.
/// The IV is zero: every blob has a fresh random KEYID, so every key is used once.
/// </remarks>
public static class Sealing
{
    private const int PayloadSizeOffset = 528;
    private const int TagOffset = 544;
    private const int TagSize = 16;
    private const int PayloadOffset = 560;
    private const int NonceSize = 12;

    // tSeal's masks: every security-relevant attribute; no extended features; MISCSELECT's reserved bits.
    private const AttributeFlags SecurityFlags = (AttributeFlags)0xFF00_0000_0000_0003;
    private const uint MiscMask = 0xF000_0000;

    /// <summary>Seals data.</summary>
    /// <param name="enclave">The enclave that seals.</param>
    /// <param name="policy">The enclaves that can unseal: the exact code, or the signer's same product at this ISVSVN or later.</param>
    /// <param name="plaintext">The data.</param>
    /// <param name="authenticated">Data outside the blob that <see cref="TryUnseal"/> needs again.</param>
    /// <returns>The blob: 560 bytes more than the data.</returns>
    /// <exception cref="InvalidOperationException">The platform refuses the key; the message names the reason.</exception>
    public static byte[] Seal(IEnclave enclave, KeyPolicy policy, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> authenticated = default)
    {
        ArgumentNullException.ThrowIfNull(enclave);
        var request = MakeRequest(enclave, policy, RandomNumberGenerator.GetBytes(KeyRequest.KeyIdSize));
        var blob = new byte[PayloadOffset + plaintext.Length];
        request.Write(blob);
        BinaryPrimitives.WriteInt32LittleEndian(blob.AsSpan(512), plaintext.Length);
        BinaryPrimitives.WriteInt32LittleEndian(blob.AsSpan(PayloadSizeOffset), plaintext.Length);
        Span<byte> key = stackalloc byte[AesCmac.Size];
        GetKey(enclave, request, key);
        using var cipher = new AesGcm(key, TagSize);
        CryptographicOperations.ZeroMemory(key);
        cipher.Encrypt(new byte[NonceSize], plaintext, blob.AsSpan(PayloadOffset), blob.AsSpan(TagOffset, TagSize), authenticated);
        return blob;
    }

    /// <summary>
    /// Derives a key that only this exact code on this machine has, at every start; an update of the processor's microcode changes it.
    /// </summary>
    /// <param name="enclave">The enclave.</param>
    /// <param name="purpose">The purpose of the key: each purpose has its own key.</param>
    /// <param name="key">Receives the key, of any size up to 8160 bytes; its strength is 128 bits.</param>
    /// <exception cref="InvalidOperationException">The platform refuses the key; the message names the reason.</exception>
    public static void DeriveKey(IEnclave enclave, ReadOnlySpan<byte> purpose, Span<byte> key)
    {
        ArgumentNullException.ThrowIfNull(enclave);
        Span<byte> root = stackalloc byte[AesCmac.Size];
        GetKey(enclave, MakeRequest(enclave, KeyPolicy.MrEnclave, SHA256.HashData(purpose)), root);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, root, key, salt: default, info: purpose);
        CryptographicOperations.ZeroMemory(root);
    }

    /// <summary>Unseals data.</summary>
    /// <param name="enclave">The enclave that unseals.</param>
    /// <param name="blob">The blob of <see cref="Seal"/>.</param>
    /// <param name="authenticated">The data that was given to <see cref="Seal"/>.</param>
    /// <param name="plaintext">Receives the data, or nothing.</param>
    /// <returns>False when the blob is malformed, altered, sealed for another enclave or platform, or with other authenticated
    /// data.</returns>
    public static bool TryUnseal(IEnclave enclave, ReadOnlySpan<byte> blob, ReadOnlySpan<byte> authenticated, out byte[] plaintext)
    {
        ArgumentNullException.ThrowIfNull(enclave);
        plaintext = [];
        if (blob.Length < PayloadOffset
            || !KeyRequest.TryRead(blob[..KeyRequest.Size], out var request)
            || request!.Name != KeyName.Seal
            || BinaryPrimitives.ReadInt32LittleEndian(blob[512..]) != blob.Length - PayloadOffset
            || BinaryPrimitives.ReadInt32LittleEndian(blob[PayloadSizeOffset..]) != blob.Length - PayloadOffset
            || blob.Slice(516, 12).ContainsAnyExcept((byte)0)
            || blob.Slice(532, 12).ContainsAnyExcept((byte)0))
        {
            return false;
        }
        Span<byte> key = stackalloc byte[AesCmac.Size];
        if (enclave.GetKey(request, key) != KeyError.Success)
        {
            return false;
        }
        using var cipher = new AesGcm(key, TagSize);
        CryptographicOperations.ZeroMemory(key);
        var opened = new byte[blob.Length - PayloadOffset];
        try
        {
            cipher.Decrypt(new byte[NonceSize], blob[PayloadOffset..], blob.Slice(TagOffset, TagSize), opened, authenticated);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        plaintext = opened;
        return true;
    }

    private static KeyRequest MakeRequest(IEnclave enclave, KeyPolicy policy, byte[] keyId)
    {
        var self = enclave.Identity;
        return new KeyRequest
        {
            Name = KeyName.Seal,
            Policy = policy,
            IsvSvn = self.IsvSvn,
            ConfigSvn = self.ConfigSvn,
            CpuSvn = self.CpuSvn,
            AttributeMask = new EnclaveAttributes(SecurityFlags, 0),
            MiscMask = MiscMask,
            KeyId = keyId,
        };
    }

    private static void GetKey(IEnclave enclave, KeyRequest request, Span<byte> key)
    {
        if (enclave.GetKey(request, key) is not KeyError.Success and var error)
        {
            throw new InvalidOperationException($"the platform gives no seal key: {error}");
        }
    }
}
