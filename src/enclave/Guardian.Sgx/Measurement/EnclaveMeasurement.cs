using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Guardian.Sgx.Measurement;

/// <summary>
/// Computes MRENCLAVE as the processor does: SHA-256 over one 64-byte record for each ECREATE, EADD and EEXTEND; the 256 measured
/// bytes follow an EEXTEND record (SDM vol. 3D, 36.4.1). Not thread-safe.
/// </summary>
public sealed class EnclaveMeasurement : IDisposable
{
    /// <summary>Size of a page in bytes.</summary>
    public const int PageSize = 4096;

    /// <summary>Bytes that one EEXTEND measures.</summary>
    public const int ChunkSize = 256;

    private const int RecordSize = 64;

    // A page is hashed at once: its EADD record, then record and content of each chunk.
    private readonly byte[] page = new byte[RecordSize + (PageSize / ChunkSize * (RecordSize + ChunkSize))];
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Begins with ECREATE.</summary>
    /// <param name="size">Size of the enclave's address range in bytes.</param>
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

    /// <summary>EADD: a page, with the first 48 bytes of its SECINFO: flags, then zeros.</summary>
    /// <param name="offset">Bytes from the enclave's base, a multiple of <see cref="PageSize"/>.</param>
    /// <param name="flags">Permissions and page type.</param>
    public void Add(ulong offset, PageFlags flags)
    {
        WriteAdd(page, offset, flags);
        hash.AppendData(page, 0, RecordSize);
    }

    /// <summary>EEXTEND: the content of a chunk.</summary>
    /// <param name="offset">Bytes from the enclave's base, a multiple of <see cref="ChunkSize"/>.</param>
    /// <param name="chunk">Exactly <see cref="ChunkSize"/> bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="chunk"/> has another size.</exception>
    public void Extend(ulong offset, ReadOnlySpan<byte> chunk)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(chunk.Length, ChunkSize, nameof(chunk));
        WriteExtend(page, offset, chunk);
        hash.AppendData(page, 0, RecordSize + ChunkSize);
    }

    /// <summary>EADD and EEXTEND of a whole page.</summary>
    /// <param name="offset">Bytes from the enclave's base, a multiple of <see cref="PageSize"/>.</param>
    /// <param name="flags">Permissions and page type.</param>
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

    /// <summary>Returns the measurement of all records so far, as EINIT reads it.</summary>
    /// <returns>MRENCLAVE.</returns>
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
