using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Guardian.Sgx.Keys;

/// <summary>AES-CMAC (RFC 4493): the MAC of SGX reports, and the key derivation function of SGX. Thread-safe.</summary>
public static class AesCmac
{
    /// <summary>Size in bytes of the MAC, and of an AES block.</summary>
    public const int Size = 16;

    /// <summary>Computes the MAC.</summary>
    /// <param name="key">16 bytes.</param>
    /// <param name="message">The message; may be empty.</param>
    /// <param name="mac">Receives <see cref="Size"/> bytes.</param>
    [SuppressMessage("Security", "CA5401", Justification = "CMAC is defined over CBC with a zero first block")]
    public static void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        using var aes = Aes.Create();
        aes.SetKey(key);

        // Section 2.3: K1 and K2 are the encrypted zero block, doubled once and twice in GF(2^128).
        Span<byte> subkey = stackalloc byte[Size];
        aes.EncryptEcb(stackalloc byte[Size], subkey, PaddingMode.None);
        Double(subkey);
        var isComplete = message.Length > 0 && message.Length % Size == 0;
        if (!isComplete)
        {
            Double(subkey);
        }

        // Section 2.4: CBC over all blocks, the last one padded and masked with the subkey.
        var lastStart = isComplete ? message.Length - Size : message.Length - (message.Length % Size);
        var padded = new byte[lastStart + Size];
        message.CopyTo(padded);
        if (!isComplete)
        {
            padded[message.Length] = 0x80;
        }
        for (var i = 0; i < Size; i++)
        {
            padded[lastStart + i] ^= subkey[i];
        }
        aes.EncryptCbc(padded, stackalloc byte[Size], padded, PaddingMode.None);
        padded.AsSpan(lastStart).CopyTo(mac);
        CryptographicOperations.ZeroMemory(padded);
    }

    private static void Double(Span<byte> block)
    {
        var carry = block[0] >> 7;
        for (var i = 0; i < Size - 1; i++)
        {
            block[i] = (byte)(((block[i] << 1) | (block[i + 1] >> 7)) & 0xFF);
        }
        block[Size - 1] = (byte)(((block[Size - 1] << 1) ^ (carry * 0x87)) & 0xFF);
    }
}
