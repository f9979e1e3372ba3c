using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Guardian.Sgx.Measurement;

/// <summary>
/// Computes MRENCLAVE as the processor does: SHA-256 over one 64-byte record for each ECREATE, EADD and EEXTEND, the latter
/// followed by the 256 bytes it measures (SDM vol. 3D, 36.4.1). Not thread-safe.
/// </summary>
public sealed class EnclaveMeasurement : IDisposable
{
    /// <summary>Bytes of a page.</summary>
    public const int PageSize = 4096;

    /// <summary>Bytes that one EEXTEND measures.</summary>
    public const int ChunkSize = 256;

    private const int RecordSize = 64;

    // A whole page at once: its EADD record, then record and content for each chunk.
    private readonly byte[] page = new byte[RecordSize + (PageSize / ChunkSize * (RecordSize + ChunkSize))];
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>ECREATE.</summary>
    /// <param name="size">Bytes of the enclave's address range.</param>
    /// <param name="ssaFrameSize">Pages of a state save area frame.</param>
    public EnclaveMeasurement(ulong size, uint ssaFrameSize)
    {
        Span<byte> record = stackalloc byte[RecordSize];
        record.Clear();
        "ECREATE\0"u8.CopyTo(record);
        BinaryPrimitives.WriteUInt32LittleEndian(record[8..], ssaFrameSize);
        BinaryPrimitives.WriteUInt64LittleEndian(record[12..], size);
        hash.AppendData(record);
    }

    /// <summary>EADD: a page at an offset, with the first 48 bytes of its SECINFO (which are its flags, then zeros).</summary>
    public void Add(ulong offset, PageFlags flags)
    {
        WriteAdd(page, offset, flags);
        hash.AppendData(page, 0, RecordSize);
    }

    /// <summary>EEXTEND: the content of a chunk.</summary>
    /// <param name="chunk">Exactly <see cref="ChunkSize"/> bytes.</param>
    public void Extend(ulong offset, ReadOnlySpan<byte> chunk)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(chunk.Length, ChunkSize, nameof(chunk));
        WriteExtend(page, offset, chunk);
        hash.AppendData(page, 0, RecordSize + ChunkSize);
    }

    /// <summary>EADD and EEXTEND of a whole page.</summary>
    /// <param name="content">At most <see cref="PageSize"/> bytes; the rest of the page is zero.</param>
    public void AddMeasured(ulong offset, PageFlags flags, ReadOnlySpan<byte> content)
    {
        WriteAdd(page, offset, flags);
        var position = RecordSize;
        for (var start = 0; start < PageSize; start += ChunkSize)
        {
            var chunk = start < content.Length ? content[start..Math.Min(start + ChunkSize, content.Length)] : [];
            WriteExtend(page.AsSpan(position), offset + (ulong)start, chunk);
            position += RecordSize + ChunkSize;
        }
        hash.AppendData(page);
    }

    /// <summary>The measurement of all records so far; EINIT would take it.</summary>
    public MrEnclave Finish()
    {
        Span<byte> value = stackalloc byte[MrEnclave.Size];
        hash.GetCurrentHash(value);
        return MrEnclave.Read(value);
    }

    /// <inheritdoc/>
    public void Dispose() => hash.Dispose();

    private static void WriteAdd(Span<byte> record, ulong offset, PageFlags flags)
    {
        record[..RecordSize].Clear();
        "EADD\0\0\0\0"u8.CopyTo(record);
        BinaryPrimitives.WriteUInt64LittleEndian(record[8..], offset);
        BinaryPrimitives.WriteUInt64LittleEndian(record[16..], (ulong)flags);
    }

    private static void WriteExtend(Span<byte> record, ulong offset, ReadOnlySpan<byte> chunk)
    {
        record[..(RecordSize + ChunkSize)].Clear();
        "EEXTEND\0"u8.CopyTo(record);
        BinaryPrimitives.WriteUInt64LittleEndian(record[8..], offset);
        chunk.CopyTo(record[RecordSize..]);
    }
}

/// <summary>SECINFO.FLAGS: permissions, and the page type in bits 8 to 15 (SDM vol. 3D, table 35-12).</summary>
[Flags]
public enum PageFlags : ulong
{
    /// <summary>No permission.</summary>
    None = 0,

    /// <summary>The enclave may read it.</summary>
    Read = 1,

    /// <summary>The enclave may write it.</summary>
    Write = 2,

    /// <summary>The enclave may execute it.</summary>
    Execute = 4,

    /// <summary>Thread control structure.</summary>
    Tcs = 0x100,

    /// <summary>Regular page.</summary>
    Regular = 0x200,
}
