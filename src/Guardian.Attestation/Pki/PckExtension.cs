using System.Formats.Asn1;

namespace Guardian.Attestation;

/// <summary>
/// Intel's SGX extension of a PCK certificate, 1.2.840.113741.1.13.1 (Intel SGX PCK Certificate and CRL Specification, 1.3.5): which
/// platform the certificate is for and the security versions it was issued at.
/// </summary>
public sealed record PckExtension
{
    /// <summary>The extension's OID.</summary>
    public const string Oid = "1.2.840.113741.1.13.1";

    /// <summary>Components of the TCB.</summary>
    public const int ComponentCount = 16;

    /// <summary>PPID, 16 bytes.</summary>
    public required ReadOnlyMemory<byte> Ppid { get; init; }

    /// <summary>Security versions of the sixteen TCB components.</summary>
    public required IReadOnlyList<byte> Components { get; init; }

    /// <summary>PCESVN.</summary>
    public required ushort PceSvn { get; init; }

    /// <summary>CPUSVN, 16 bytes.</summary>
    public required ReadOnlyMemory<byte> CpuSvn { get; init; }

    /// <summary>PCE-ID, 2 bytes.</summary>
    public required ReadOnlyMemory<byte> PceId { get; init; }

    /// <summary>FMSPC, 6 bytes: family, model, stepping, platform type and custom SKU.</summary>
    public required ReadOnlyMemory<byte> Fmspc { get; init; }

    /// <summary>SGX type: 0 standard, 1 scalable, 2 scalable with integrity.</summary>
    public required int SgxType { get; init; }

    /// <summary>Reads the extension's value; null when it is malformed or a field is missing. Never throws for any content.</summary>
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
        var fields = ReadFields(new AsnReader(value, AsnEncodingRules.DER).ReadSequence());
        var tcb = fields.TryGetValue($"{Oid}.2", out var tcbField) ? ReadFields(tcbField.ReadSequence()) : [];
        var components = new byte[ComponentCount];
        for (var i = 0; i < ComponentCount; i++)
        {
            if (!tcb.TryGetValue($"{Oid}.2.{i + 1}", out var component) || !component.TryReadUInt32(out var svn) || svn > byte.MaxValue)
            {
                return null;
            }
            components[i] = (byte)svn;
        }
        if (!tcb.TryGetValue($"{Oid}.2.17", out var pceSvnField) || !pceSvnField.TryReadUInt32(out var pceSvn) || pceSvn > ushort.MaxValue
            || ReadOctets(tcb, $"{Oid}.2.18", 16) is not { } cpuSvn
            || ReadOctets(fields, $"{Oid}.1", 16) is not { } ppid
            || ReadOctets(fields, $"{Oid}.3", 2) is not { } pceId
            || ReadOctets(fields, $"{Oid}.4", 6) is not { } fmspc
            || !fields.TryGetValue($"{Oid}.5", out var typeField))
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

    private static Dictionary<string, AsnReader> ReadFields(AsnReader sequence)
    {
        var fields = new Dictionary<string, AsnReader>();
        while (sequence.HasData)
        {
            var field = sequence.ReadSequence();
            // A field given twice is an ArgumentException here, and so malformed.
            fields.Add(field.ReadObjectIdentifier(), field);
        }
        return fields;
    }

    private static byte[]? ReadOctets(Dictionary<string, AsnReader> fields, string oid, int size) =>
        fields.TryGetValue(oid, out var field) && field.ReadOctetString() is var octets && octets.Length == size ? octets : null;
}
