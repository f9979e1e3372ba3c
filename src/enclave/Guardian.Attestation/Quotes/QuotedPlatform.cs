using System.Buffers.Binary;

namespace Guardian.Attestation.Quotes;

/// <summary>
/// Certification data that only names the platform, types 1 to 3: PPID (16 bytes plain, or encrypted to Intel's RSA-2048 or RSA-3072
/// key), CPUSVN 16, PCESVN 2, PCE-ID 2, little-endian. Intel's service or the platform's owner has the PCK certificate for them.
/// </summary>
/// <param name="Ppid">16, 256 or 384 bytes.</param>
/// <param name="CpuSvn">16 bytes.</param>
/// <param name="PceSvn">Security version of the provisioning certification enclave.</param>
/// <param name="PceId">Identifier of the provisioning certification enclave.</param>
public sealed record QuotedPlatform(ReadOnlyMemory<byte> Ppid, ReadOnlyMemory<byte> CpuSvn, ushort PceSvn, ushort PceId)
{
    /// <summary>Whether <see cref="Ppid"/> is encrypted.</summary>
    public bool IsEncrypted => Ppid.Length > 16;

    /// <summary>Reads a quote's certification data.</summary>
    /// <param name="quote">The quote.</param>
    /// <returns>The platform; null when the data is of another type, or not of its type's size.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="quote"/> is null.</exception>
    public static QuotedPlatform? Of(Quote quote)
    {
        ArgumentNullException.ThrowIfNull(quote);
        var size = quote.CertificationDataType switch { 1 => 16, 2 => 256, 3 => 384, _ => 0 };
        var data = quote.CertificationData;
        return size == 0 || data.Length != size + 20
            ? null
            : new QuotedPlatform(
                data[..size], data.Slice(size, 16), BinaryPrimitives.ReadUInt16LittleEndian(data.Span[(size + 16)..]),
                BinaryPrimitives.ReadUInt16LittleEndian(data.Span[(size + 18)..]));
    }
}
