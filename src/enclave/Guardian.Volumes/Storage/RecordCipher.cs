using System.Buffers.Binary;
using System.Security.Cryptography;
using Guardian.Crypto;
using Guardian.Volumes.Format;
using Microsoft.Win32.SafeHandles;

namespace Guardian.Volumes.Storage;

/// <summary>AES-256-GCM under one record key, by libcrypto itself: the base library calls it too, but adds more to the cost of each message
/// (docs/decisions/0062). One thread at a time.</summary>
internal sealed class RecordCipher : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Bytes of a tag.</summary>
    public const int TagSize = 16;

    private const int NonceSize = 12;

    // EVP_CTRL_AEAD_GET_TAG and EVP_CTRL_AEAD_SET_TAG. The nonce has the default size of GCM.
    private const int GetTag = 0x10;
    private const int SetTag = 0x11;

    /// <exception cref="CryptographicException">libcrypto has no memory left, or no AES-256-GCM.</exception>
    public unsafe RecordCipher(in RecordKey key) : base(ownsHandle: true)
    {
        SetHandle(Libcrypto.NewCipherContext());
        fixed (RecordKey* bytes = &key)
        {
            Require(handle != 0 && Libcrypto.InitCipher(handle, Libcrypto.Aes256Gcm(), 0, (byte*)bytes, null, 1) == 1);
        }
    }

    /// <summary>Encrypts a message and authenticates other bytes with it.</summary>
    /// <param name="counter">A number that was never used with this key before.</param>
    /// <param name="content">The message; may be empty.</param>
    /// <param name="target">Receives the encrypted message; of the same size.</param>
    /// <param name="associated">Bytes to authenticate; may be empty.</param>
    /// <returns>The tag.</returns>
    /// <exception cref="CryptographicException">libcrypto failed; <paramref name="target"/> is not usable.</exception>
    public unsafe UInt128 Encrypt(ulong counter, ReadOnlySpan<byte> content, Span<byte> target, ReadOnlySpan<byte> associated)
    {
        Span<byte> tag = stackalloc byte[TagSize];
        RunCipher(counter, content, target, associated, isEncryption: true);
        fixed (byte* bytes = tag)
        {
            Require(Libcrypto.FinishCipher(handle, bytes, out _) == 1 && Libcrypto.ControlCipher(handle, GetTag, TagSize, bytes) == 1);
        }
        // The finalizer must not free the context before this line.
        GC.KeepAlive(this);
        return BinaryPrimitives.ReadUInt128LittleEndian(tag);
    }

    /// <summary>Decrypts a message.</summary>
    /// <param name="counter">The number that it was encrypted with.</param>
    /// <param name="tag">Its tag.</param>
    /// <param name="content">The encrypted message; may be empty.</param>
    /// <param name="target">Receives the message; of the same size. It holds zeros when the message is refused.</param>
    /// <param name="associated">The bytes that were authenticated with it.</param>
    /// <returns>Whether the tag is right for these bytes.</returns>
    /// <exception cref="CryptographicException">libcrypto failed; <paramref name="target"/> is not usable.</exception>
    public unsafe bool TryDecrypt(ulong counter, UInt128 tag, ReadOnlySpan<byte> content, Span<byte> target, ReadOnlySpan<byte> associated)
    {
        Span<byte> expected = stackalloc byte[TagSize];
        BinaryPrimitives.WriteUInt128LittleEndian(expected, tag);
        bool isSound;
        RunCipher(counter, content, target, associated, isEncryption: false);
        fixed (byte* bytes = expected)
        {
            Require(Libcrypto.ControlCipher(handle, SetTag, TagSize, bytes) == 1);
            isSound = Libcrypto.FinishCipher(handle, bytes, out _) == 1;
        }
        GC.KeepAlive(this);
        if (!isSound)
        {
            target.Clear();
        }
        return isSound;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Libcrypto.FreeCipherContext(handle);
        return true;
    }

    private unsafe void RunCipher(
        ulong counter, ReadOnlySpan<byte> content, Span<byte> target, ReadOnlySpan<byte> associated, bool isEncryption)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        ArgumentOutOfRangeException.ThrowIfNotEqual(target.Length, content.Length);
        // Four zero bytes and the counter: docs/spec/volume.md, "Keys and nonces".
        Span<byte> nonce = stackalloc byte[NonceSize];
        nonce.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(nonce[4..], counter);
        fixed (byte* nonceBytes = nonce, source = content, result = target, other = associated)
        {
            // A null key leaves the context its key.
            Require(Libcrypto.InitCipher(handle, 0, 0, null, nonceBytes, isEncryption ? 1 : 0) == 1);
            Require(associated.Length == 0 || Libcrypto.UpdateCipher(handle, null, out _, other, associated.Length) == 1);
            Require(content.Length == 0
                || (Libcrypto.UpdateCipher(handle, result, out var size, source, content.Length) == 1 && size == content.Length));
        }
    }

    private static void Require(bool isDone)
    {
        if (!isDone)
        {
            throw new CryptographicException("libcrypto failed at AES-256-GCM");
        }
    }
}
