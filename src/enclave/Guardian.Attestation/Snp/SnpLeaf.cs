using System.Formats.Asn1;
using Guardian.Attestation.Pki;

namespace Guardian.Attestation.Snp;

/// <summary>The facts that AMD certifies about a signing key (57230, "VCEK Certificate", extensions below 1.3.6.1.4.1.3704.1).</summary>
internal sealed record SnpLeaf(string ProductName, SnpTcb Tcb, ReadOnlyMemory<byte> HardwareId, string? Provider)
{
    private const string Arc = "1.3.6.1.4.1.3704.1";
    private const int MaxName = 64;

    /// <summary>The key's kind: a VCEK names its chip, a VLEK its cloud provider.</summary>
    public SnpSigner Signer => Provider is null ? SnpSigner.Vcek : SnpSigner.Vlek;

    /// <summary>Reads the extensions; null when one is missing or malformed. Never throws for any content.</summary>
    public static SnpLeaf? TryRead(Certificate certificate)
    {
        try
        {
            var (hardware, provider) = (certificate.Find($"{Arc}.4"), certificate.Find($"{Arc}.5"));
            if (hardware is null == provider is null
                || certificate.Find($"{Arc}.2") is not { } product
                || ReadVersion(certificate, 1) is not { } bootloader || ReadVersion(certificate, 2) is not { } tee
                || ReadVersion(certificate, 3) is not { } snp || ReadVersion(certificate, 8) is not { } microcode)
            {
                return null;
            }
            return new SnpLeaf(
                ReadName(product.Value), new SnpTcb(bootloader, tee, snp, microcode, ReadVersion(certificate, 9)),
                hardware is null ? default : ReadIdentifier(hardware.Value), provider is null ? null : ReadName(provider.Value));
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    /// <summary>Whether a report's chip is the certified one. Turin's identifier has 8 bytes, and zeros follow it in the report.</summary>
    public bool IsOf(ReadOnlyMemory<byte> chipId) =>
        chipId.Span[..HardwareId.Length].SequenceEqual(HardwareId.Span)
        && !chipId.Span[HardwareId.Length..].ContainsAnyExcept((byte)0);

    private static byte? ReadVersion(Certificate certificate, int number)
    {
        if (certificate.Find($"{Arc}.3.{number}") is not { } extension)
        {
            return null;
        }
        var reader = new AsnReader(extension.Value, AsnEncodingRules.DER);
        var isByte = reader.TryReadInt32(out var value) && value is >= 0 and <= byte.MaxValue;
        return isByte && !reader.HasData ? (byte)value : throw new AsnContentException();
    }

    private static string ReadName(ReadOnlyMemory<byte> value)
    {
        var reader = new AsnReader(value, AsnEncodingRules.DER);
        var name = reader.ReadCharacterString(UniversalTagNumber.IA5String);
        return name.Length <= MaxName && !reader.HasData && name.All(each => each is >= ' ' and <= '~')
            ? name
            : throw new AsnContentException();
    }

    // Older certificates have the bytes themselves, newer ones an OCTET STRING.
    private static ReadOnlyMemory<byte> ReadIdentifier(ReadOnlyMemory<byte> value)
    {
        if (value.Length is 64 or 8)
        {
            return value;
        }
        var reader = new AsnReader(value, AsnEncodingRules.DER);
        var identifier = reader.ReadOctetString();
        return identifier.Length is 64 or 8 && !reader.HasData ? identifier : throw new AsnContentException();
    }
}
