using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Guardian.Sgx.Measurement;

/// <summary>
/// An enclave as a stream of what measures it (SGXS, by Fortanix): 64-byte ECREATE, EADD and EEXTEND records, each EEXTEND followed by its
/// 256 bytes. Its
/// SHA-256 is MRENCLAVE; what has to be checked is that it is such a stream.
/// </summary>
public static class SgxsFile
{
    private const int RecordSize = 64;

    /// <summary>Measures a stream.</summary>
    /// <param name="problem">What is wrong and at which byte, when the result is null. Never throws for any content.</param>
    public static MrEnclave? TryMeasure(ReadOnlySpan<byte> stream, out string? problem)
    {
        if (!stream.StartsWith("ECREATE\0"u8) || stream.Length < RecordSize)
        {
            problem = "it does not begin with an ECREATE record";
            return null;
        }
        if (stream[20..RecordSize].ContainsAnyExcept((byte)0))
        {
            problem = "reserved bytes of the ECREATE record are not zero";
            return null;
        }
        var size = BinaryPrimitives.ReadUInt64LittleEndian(stream[12..]);
        for (var position = RecordSize; position < stream.Length;)
        {
            var record = stream[position..];
            var isExtend = record.StartsWith("EEXTEND\0"u8);
            if (record.Length < RecordSize + (isExtend ? EnclaveMeasurement.ChunkSize : 0)
                || !(isExtend || record.StartsWith("EADD\0\0\0\0"u8)))
            {
                problem = $"at byte {position} there is no whole EADD or EEXTEND record";
                return null;
            }
            var offset = BinaryPrimitives.ReadUInt64LittleEndian(record[8..]);
            if (offset >= size || offset % (ulong)(isExtend ? EnclaveMeasurement.ChunkSize : EnclaveMeasurement.PageSize) != 0)
            {
                problem = $"the record at byte {position} is for offset 0x{offset:x}, which is not in the enclave or not aligned";
                return null;
            }
            position += RecordSize + (isExtend ? EnclaveMeasurement.ChunkSize : 0);
        }
        problem = null;
        return MrEnclave.Read(SHA256.HashData(stream));
    }
}
