using System.Buffers.Binary;
using System.Security.Cryptography;
using Guardian.Refusals;

namespace Guardian.Sgx.Measurement;

/// <summary>
/// An enclave as a stream of its measured records (SGXS, by Fortanix): 64-byte ECREATE, EADD and EEXTEND records, each EEXTEND followed by
/// its 256 bytes. The stream's SHA-256 is MRENCLAVE, so the reader only has to check the form. Thread-safe.
/// </summary>
public static class SgxsFile
{
    private const int RecordSize = 64;

    /// <summary>Measures a stream.</summary>
    /// <param name="stream">The whole stream.</param>
    /// <param name="measurement">Receives MRENCLAVE, or zeros when the stream is refused.</param>
    /// <returns>Null, or a refusal with the offset of the first wrong record. Never throws for any content.</returns>
    public static Refusal? TryMeasure(ReadOnlySpan<byte> stream, out MrEnclave measurement)
    {
        measurement = default;
        if (!stream.StartsWith("ECREATE\0"u8) || stream.Length < RecordSize)
        {
            return Refuse("it does not begin with an ECREATE record", 0);
        }
        if (stream[20..RecordSize].ContainsAnyExcept((byte)0))
        {
            return Refuse("reserved bytes of the ECREATE record are not zero", 20);
        }
        var size = BinaryPrimitives.ReadUInt64LittleEndian(stream[12..]);
        for (var position = RecordSize; position < stream.Length;)
        {
            var record = stream[position..];
            var isExtend = record.StartsWith("EEXTEND\0"u8);
            var recordSize = RecordSize + (isExtend ? EnclaveMeasurement.ChunkSize : 0);
            if (record.Length < recordSize || !(isExtend || record.StartsWith("EADD\0\0\0\0"u8)))
            {
                return Refuse($"at byte {position} there is no whole EADD or EEXTEND record", position);
            }
            var offset = BinaryPrimitives.ReadUInt64LittleEndian(record[8..]);
            if (offset >= size || offset % (ulong)(isExtend ? EnclaveMeasurement.ChunkSize : EnclaveMeasurement.PageSize) != 0)
            {
                return Refuse(
                    $"the record at byte {position} is for offset 0x{offset:x}, which is not in the enclave or not aligned", position);
            }
            position += recordSize;
        }
        measurement = MrEnclave.Read(SHA256.HashData(stream));
        return null;
    }

    private static Refusal Refuse(string problem, int position) =>
        SgxReasons.NoEnclave.Because(problem, new RefusalLocation(Offset: position));
}
