using Guardian.Volumes.Format;

namespace Guardian.Volumes.Storage;

/// <summary>Reads records and refuses what is not what was written. One thread at a time.</summary>
internal sealed class RecordReader(RecordWriter writer) : IDisposable
{
    // A cipher costs about as much to make as 4 KiB to decrypt; most volumes have far fewer keys than this.
    private const int MaxCiphers = 256;

    // Cipher text is copied in before it is checked: what the host can still change is never decrypted.
    private readonly byte[] staging = GC.AllocateUninitializedArray<byte>(Page.ChunkSize, pinned: true);
    private readonly Dictionary<RecordKey, RecordCipher> ciphers = [];

    /// <summary>Reads a record whole.</summary>
    /// <param name="target">Of the record's size. After a failure it holds nothing of the record.</param>
    /// <exception cref="VolumeException">The bytes are not those that were written.</exception>
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
            throw new VolumeException(VolumeFailure.Damaged, $"what is stored at slot {pointer.Slot} is not what was written there");
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
