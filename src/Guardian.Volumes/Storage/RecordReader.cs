using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Guardian.Volumes;

/// <summary>Reads records and refuses what is not what was written. One thread at a time.</summary>
internal sealed class RecordReader(IStorage storage) : IDisposable
{
    private const int TagSize = 16;
    private const int NonceSize = 12;

    // A cipher costs about as much to make as 4 KiB to decrypt; most volumes have far fewer keys than this.
    private const int MaxCiphers = 256;

    // Cipher text is copied in before it is checked: what the host can still change is never decrypted.
    private readonly byte[] staging = GC.AllocateUninitializedArray<byte>(Page.ChunkSize, pinned: true);
    private readonly Dictionary<RecordKey, AesGcm> ciphers = [];

    /// <summary>Reads a record whole.</summary>
    /// <param name="target">Of the record's size. After a failure it holds nothing of the record.</param>
    /// <exception cref="VolumeException">The bytes are not those that were written.</exception>
    /// <exception cref="IOException">The storage failed.</exception>
    public void Read(in RecordPointer pointer, Span<byte> target)
    {
        var offset = pointer.Slot * Page.Size;
        try
        {
            switch (pointer.Kind)
            {
                case PointerKind.Encrypted:
                    var source = staging.AsSpan(0, target.Length);
                    storage.Read(offset, source);
                    Decrypt(pointer, source, target, []);
                    break;
                case PointerKind.Authenticated:
                    storage.Read(offset, target);
                    Decrypt(pointer, [], [], target);
                    break;
                default:
                    storage.Read(offset, target);
                    break;
            }
        }
        catch (Exception failure) when (failure is AuthenticationTagMismatchException or EndOfStreamException)
        {
            target.Clear();
            throw new VolumeException(VolumeFailure.Damaged, $"what is stored at slot {pointer.Slot} is not what was written there", failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var cipher in ciphers.Values)
        {
            cipher.Dispose();
        }
        ciphers.Clear();
    }

    private void Decrypt(in RecordPointer pointer, ReadOnlySpan<byte> source, Span<byte> target, ReadOnlySpan<byte> associated)
    {
        Span<byte> nonce = stackalloc byte[NonceSize];
        nonce.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(nonce[4..], pointer.Counter);
        Span<byte> tag = stackalloc byte[TagSize];
        BinaryPrimitives.WriteUInt128LittleEndian(tag, pointer.Tag);
        CipherFor(pointer.Key).Decrypt(nonce, source, tag, target, associated);
    }

    private AesGcm CipherFor(RecordKey key)
    {
        if (ciphers.TryGetValue(key, out var cipher))
        {
            return cipher;
        }
        if (ciphers.Count == MaxCiphers)
        {
            Dispose();
        }
        cipher = new AesGcm(MemoryMarshal.AsBytes(new ReadOnlySpan<RecordKey>(in key)), TagSize);
        ciphers.Add(key, cipher);
        return cipher;
    }
}
