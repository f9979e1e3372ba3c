using Guardian.Refusals;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Format;

namespace Guardian.Volumes.Storage;

/// <summary>Reads records, and refuses bytes that are not those that were written. One thread at a time.</summary>
internal sealed class RecordReader(RecordWriter writer) : IDisposable
{
    // Making a cipher costs about as much as decrypting 4 KiB. Most volumes have far fewer keys than this.
    private const int MaxCiphers = 256;

    // The cipher text is copied in before it is checked, so the host cannot change it while it is decrypted.
    private readonly byte[] staging = GC.AllocateUninitializedArray<byte>(Page.ChunkSize, pinned: true);
    private readonly Dictionary<RecordKey, RecordCipher> ciphers = [];

    /// <summary>Reads a whole record.</summary>
    /// <param name="pointer">The record; not <see cref="PointerKind.Shared"/>.</param>
    /// <param name="target">Receives the content; of the record's size. It holds zeros when the record is refused.</param>
    /// <exception cref="RefusedException"><see cref="VolumeReasons.Damaged"/>: the bytes are not those that were written.</exception>
    /// <exception cref="IOException">The storage failed.</exception>
    public void Read(in RecordPointer pointer, Span<byte> target)
    {
        bool isSound;
        try
        {
            switch (pointer.Kind)
            {
                case PointerKind.Encrypted:
                    var source = staging.AsSpan(0, target.Length);
                    writer.Read(pointer.Slot, source);
                    isSound = CipherFor(pointer.Key).TryDecrypt(pointer.Counter, pointer.Tag, source, target, []);
                    break;
                case PointerKind.Authenticated:
                    writer.Read(pointer.Slot, target);
                    isSound = CipherFor(pointer.Key).TryDecrypt(pointer.Counter, pointer.Tag, [], [], target);
                    break;
                default:
                    writer.Read(pointer.Slot, target);
                    isSound = true;
                    break;
            }
        }
        catch (EndOfStreamException)
        {
            isSound = false;
        }
        if (!isSound)
        {
            target.Clear();
            throw new RefusedException(VolumeReasons.Damaged.Because($"slot {pointer.Slot} does not hold what was written there"));
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

    private RecordCipher CipherFor(in RecordKey key)
    {
        if (ciphers.TryGetValue(key, out var cipher))
        {
            return cipher;
        }
        if (ciphers.Count == MaxCiphers)
        {
            Dispose();
        }
        cipher = new RecordCipher(key);
        ciphers.Add(key, cipher);
        return cipher;
    }
}
