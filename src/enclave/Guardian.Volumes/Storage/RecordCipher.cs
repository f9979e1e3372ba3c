using System.Buffers.Binary;
using System.Security.Cryptography;
using Guardian.Crypto;
using Guardian.Volumes.Format;
using Microsoft.Win32.SafeHandles;

namespace Guardian.Volumes.Storage;

/// <summary>AES-256-GCM under one record key, from the libcrypto that the base library itself stands on, with less around each message (docs/decisions/0062). One thread at a time.</summary>
internal sealed class RecordCipher : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Bytes.</summary>
    public const int TagSize = 16;

    private const int NonceSize = 12;

    // EVP_CTRL_AEAD_GET_TAG and _SET_TAG; the size of the nonce is GCM's default.
    private const int GetTag = 0x10;
    private const int SetTag = 0x11;

    /// <exception cref="CryptographicException">libcrypto has no memory, or no AES-256-GCM.</exception>
    public unsafe RecordCipher(in RecordKey key) : base(ownsHandle: true)
    {
        SetHandle(Libcrypto.NewCipherContext());
        fixed (RecordKey* bytes = &key)
        {
            Demand(handle != 0 && Libcrypto.InitCipher(handle, Libcrypto.Aes256Gcm(), 0, (byte*)bytes, null, 1) == 1);
        }
    }

    /// <summary>Encrypts a message, and authenticates other bytes with it.</summary>
    /// <param name="counter">Was never used with this key before.</param>
    /// <param name="content">The message; may be empty.</param>
    /// <param name="target">Of the message's size.</param>
    /// <param name="associated">May be empty.</param>
    /// <returns>The tag.</returns>
    /// <exception cref="CryptographicException">libcrypto failed; nothing of <paramref name="target"/> may be used.</exception>
    public unsafe UInt128 Encrypt(ulong counter, ReadOnlySpan<byte> content, Span<byte> target, ReadOnlySpan<byte> associated)
    {
        Span<byte> tag = stackalloc byte[TagSize];
        Begin(counter, content, target, associated, isEncryption: true);
        fixed (byte* bytes = tag)
        {
            Demand(Libcrypto.FinishCipher(handle, bytes, out _) == 1 && Libcrypto.ControlCipher(handle, GetTag, TagSize, bytes) == 1);
        }
        // Until here, nobody may release the context.
        GC.KeepAlive(this);
        return BinaryPrimitives.ReadUInt128LittleEndian(tag);
    }

    /// <summary>Decrypts a message.</summary>
    /// <param name="counter">That it was encrypted with.</param>
    /// <param name="tag">Its tag.</param>
    /// <param name="content">The message encrypted; may be empty.</param>
    /// <param name="target">Of the message's size. When the message is refused it holds zeros.</param>
    /// <param name="associated">What was authenticated with it.</param>
    /// <returns>Whether these are the bytes that the tag was made for.</returns>
    /// <exception cref="CryptographicException">libcrypto failed; nothing of <paramref name="target"/> may be used.</exception>
    public unsafe bool TryDecrypt(ulong counter, UInt128 tag, ReadOnlySpan<byte> content, Span<byte> target, ReadOnlySpan<byte> associated)
    {
        Span<byte> expected = stackalloc byte[TagSize];
        BinaryPrimitives.WriteUInt128LittleEndian(expected, tag);
        bool isSound;
        Begin(counter, content, target, associated, isEncryption: false);
        fixed (byte* bytes = expected)
        {
            Demand(Libcrypto.ControlCipher(handle, SetTag, TagSize, bytes) == 1);
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

    private unsafe void Begin(ulong counter, ReadOnlySpan<byte> content, Span<byte> target, ReadOnlySpan<byte> associated, bool isEncryption)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        ArgumentOutOfRangeException.ThrowIfNotEqual(target.Length, content.Length);
        // Four zero bytes and the counter: docs/spec/volume.md, "Keys and nonces".
        Span<byte> nonce = stackalloc byte[NonceSize];
        nonce.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(nonce[4..], counter);
        fixed (byte* nonceBytes = nonce, source = content, result = target, other = associated)
        {
            // Without a key the context keeps the one that it has.
            Demand(Libcrypto.InitCipher(handle, 0, 0, null, nonceBytes, isEncryption ? 1 : 0) == 1);
            Demand(associated.Length == 0 || Libcrypto.UpdateCipher(handle, null, out _, other, associated.Length) == 1);
            Demand(content.Length == 0 || (Libcrypto.UpdateCipher(handle, result, out var size, source, content.Length) == 1 && size == content.Length));
        }
    }

    private static void Demand(bool isDone)
    {
        if (!isDone)
        {
            throw new CryptographicException("libcrypto failed at AES-256-GCM");
        }
    }
}
