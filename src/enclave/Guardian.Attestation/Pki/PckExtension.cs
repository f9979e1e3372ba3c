using System.Formats.Asn1;

namespace Guardian.Attestation.Pki;

/// <summary>
/// Intel's SGX extension of a PCK certificate, 1.2.840.113741.1.13.1 (Intel SGX PCK Certificate and CRL Specification, 1.3.5): the
/// platform of the certificate, and the security versions at which it was issued. Immutable.
/// </summary>
public sealed record PckExtension
{
    /// <summary>The extension's OID.</summary>
    public const string Oid = "1.2.840.113741.1.13.1";

    /// <summary>Number of TCB components.</summary>
    public const int ComponentCount = 16;

    private const int MaxField = 18;

    // The content bytes of the OID.
    private static ReadOnlySpan<byte> Arc => [0x2A, 0x86, 0x48, 0x86, 0xF8, 0x4D, 0x01, 0x0D, 0x01];

    /// <summary>PPID, the platform's provisioning identifier, 16 bytes.</summary>
    public required ReadOnlyMemory<byte> Ppid { get; init; }

    /// <summary>Security versions of the <see cref="ComponentCount"/> TCB components.</summary>
    public required IReadOnlyList<byte> Components { get; init; }

    /// <summary>PCESVN, the security version of the provisioning certification enclave.</summary>
    public required ushort PceSvn { get; init; }

    /// <summary>CPUSVN, 16 bytes. It cannot be compared with a TCB info; <see cref="Components"/> can.</summary>
    public required ReadOnlyMemory<byte> CpuSvn { get; init; }

    /// <summary>PCE-ID, the identifier of the provisioning certification enclave, 2 bytes.</summary>
    public required ReadOnlyMemory<byte> PceId { get; init; }

    /// <summary>FMSPC, 6 bytes: family, model, stepping, platform type and custom SKU.</summary>
    public required ReadOnlyMemory<byte> Fmspc { get; init; }

    /// <summary>SGX type: 0 standard, 1 scalable, 2 scalable with integrity.</summary>
    public required int SgxType { get; init; }

    /// <summary>Whether no security version is below those of a level.</summary>
    /// <param name="components">The level's TCB components, 16.</param>
    /// <param name="pceSvn">The level's PCESVN.</param>
    internal bool Reaches(ReadOnlySpan<byte> components, int pceSvn)
    {
        for (var i = 0; i < ComponentCount; i++)
        {
            if (Components[i] < components[i])
            {
                return false;
            }
        }
        return PceSvn >= pceSvn;
    }

    /// <summary>Reads the extension's value.</summary>
    /// <param name="value">The content of the extension's octet string, DER.</param>
    /// <returns>The extension; null when it is malformed or a field is missing. Never throws for any content.</returns>
    public static PckExtension? TryRead(ReadOnlyMemory<byte> value)
    {
        try
        {
            return Read(value);
        }
        catch (Exception failure) when (failure is AsnContentException or ArgumentException)
        {
            return null;
        }
    }

    private static PckExtension? Read(ReadOnlyMemory<byte> value)
    {
        var fields = ReadFields(new AsnReader(value, AsnEncodingRules.DER).ReadSequence(), Arc);
        var tcb = fields[2] is { } tcbField ? ReadFields(tcbField.ReadSequence(), [.. Arc, 2]) : new AsnReader?[MaxField + 1];
        var components = new byte[ComponentCount];
        for (var i = 0; i < ComponentCount; i++)
        {
            if (tcb[i + 1] is not { } component || !component.TryReadUInt32(out var svn) || svn > byte.MaxValue)
            {
                return null;
            }
            components[i] = (byte)svn;
        }
        if (tcb[17] is not { } pceSvnField || !pceSvnField.TryReadUInt32(out var pceSvn) || pceSvn > ushort.MaxValue
            || ReadOctets(tcb[18], 16) is not { } cpuSvn
            || ReadOctets(fields[1], 16) is not { } ppid
            || ReadOctets(fields[3], 2) is not { } pceId
            || ReadOctets(fields[4], 6) is not { } fmspc
            || fields[5] is not { } typeField)
        {
            return null;
        }
        var type = typeField.ReadEnumeratedBytes();
        return type.Length != 1 ? null : new PckExtension
        {
            Ppid = ppid,
            Components = components,
            PceSvn = (ushort)pceSvn,
            CpuSvn = cpuSvn,
            PceId = pceId,
            Fmspc = fmspc,
            SgxType = type.Span[0],
        };
    }

    // Each field is a sequence: its identifier, which is the arc with the field's number, and its value. Other numbers are skipped.
    private static AsnReader?[] ReadFields(AsnReader sequence, ReadOnlySpan<byte> arc)
    {
        var fields = new AsnReader?[MaxField + 1];
        while (sequence.HasData)
        {
            var field = sequence.ReadSequence();
            if (!field.PeekTag().HasSameClassAndValue(Asn1Tag.ObjectIdentifier))
            {
                throw new AsnContentException("a field does not begin with its identifier");
            }
            // Tag and length take one byte each for these short identifiers.
            var oid = field.ReadEncodedValue().Span[2..];
            if (oid.Length == arc.Length + 1 && oid.StartsWith(arc) && oid[^1] <= MaxField)
            {
                fields[oid[^1]] = fields[oid[^1]] is null ? field : throw new AsnContentException("a field stands twice");
            }
        }
        return fields;
    }

    private static byte[]? ReadOctets(AsnReader? field, int size) =>
        field is not null && field.ReadOctetString() is var octets && octets.Length == size ? octets : null;
}
