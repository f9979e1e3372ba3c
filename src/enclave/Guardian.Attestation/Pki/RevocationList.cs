using System.Formats.Asn1;
using System.Numerics;

namespace Guardian.Attestation.Pki;

/// <summary>A certificate revocation list (RFC 5280, 5.1), read strictly: the revoked serial numbers of one issuer.</summary>
internal sealed class RevocationList
{
    /// <summary>The largest list that is read, in bytes. Intel's have about a hundred entries.</summary>
    public const int MaxSize = 4 * 1024 * 1024;

    private const string IssuingDistributionPoint = "2.5.29.28";
    private const string DeltaIndicator = "2.5.29.27";
    private const string CrlNumber = "2.5.29.20";

    private readonly HashSet<string> serialNumbers;

    private RevocationList(HashSet<string> serialNumbers) => this.serialNumbers = serialNumbers;

    /// <summary>The whole list.</summary>
    public required ReadOnlyMemory<byte> Der { get; init; }

    public required ReadOnlyMemory<byte> Tbs { get; init; }

    /// <summary>DER name of the issuer.</summary>
    public required ReadOnlyMemory<byte> Issuer { get; init; }

    public required DateTimeOffset ThisUpdate { get; init; }

    public required DateTimeOffset NextUpdate { get; init; }

    public required bool IsSignedWithEcdsaSha256 { get; init; }

    /// <summary>DER AlgorithmIdentifier of the signature.</summary>
    public required ReadOnlyMemory<byte> SignatureAlgorithm { get; init; }

    /// <summary>The signature: with ECDSA, the DER sequence of r and s.</summary>
    public required ReadOnlyMemory<byte> Signature { get; init; }

    /// <summary>The number that rises with each list of the issuer (RFC 5280, 5.2.3); null when the list has none.</summary>
    public required BigInteger? Number { get; init; }

    /// <summary>The number of revoked certificates.</summary>
    public int Count => serialNumbers.Count;

    public bool Contains(Certificate certificate) => serialNumbers.Contains(Convert.ToHexString(certificate.SerialNumber.Span));

    /// <summary>Whether the holder of a key signed this list with ECDSA and SHA-256.</summary>
    public bool IsSignedBy(P256Key key) => IsSignedWithEcdsaSha256 && key.VerifyDer(Tbs.Span, Signature.Span);

    /// <summary>Reads one list, DER; null when it is malformed or partial. Never throws for any content.</summary>
    public static RevocationList? TryRead(ReadOnlyMemory<byte> der)
    {
        if (der.Length > MaxSize)
        {
            return null;
        }
        try
        {
            return Read(der);
        }
        catch (Exception failure) when (failure is AsnContentException or ArgumentException or OverflowException)
        {
            return null;
        }
    }

    private static RevocationList? Read(ReadOnlyMemory<byte> der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var list = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        var tbsBytes = list.PeekEncodedValue();
        var tbs = list.ReadSequence();
        var algorithm = list.ReadEncodedValue();
        var signature = list.ReadBitString(out var unusedBits);
        list.ThrowIfNotEmpty();

        // Version 2 is encoded as 1. Intel publishes no older lists.
        if (!tbs.TryReadInt32(out var version) || version != 1 || unusedBits != 0
            || !tbs.ReadEncodedValue().Span.SequenceEqual(algorithm.Span))
        {
            return null;
        }
        var issuer = tbs.ReadEncodedValue();
        var (thisUpdate, nextUpdate) = (Certificate.ReadTime(tbs), Certificate.ReadTime(tbs));
        var serialNumbers = tbs.HasData && tbs.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence) ? ReadEntries(tbs.ReadSequence()) : [];
        BigInteger? number = null;
        if (tbs.HasData && !TryReadExtensions(tbs.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence(), out number))
        {
            return null;
        }
        tbs.ThrowIfNotEmpty();
        return new RevocationList(serialNumbers)
        {
            Der = der,
            Tbs = tbsBytes,
            Issuer = issuer,
            ThisUpdate = thisUpdate,
            NextUpdate = nextUpdate,
            Number = number,
            IsSignedWithEcdsaSha256 =
                new AsnReader(algorithm, AsnEncodingRules.DER).ReadSequence().ReadObjectIdentifier() == Certificate.EcdsaWithSha256,
            SignatureAlgorithm = algorithm,
            Signature = signature,
        };
    }

    private static HashSet<string> ReadEntries(AsnReader entries)
    {
        var serialNumbers = new HashSet<string>();
        while (entries.HasData)
        {
            serialNumbers.Add(Convert.ToHexString(entries.ReadSequence().ReadIntegerBytes().Span));
        }
        return serialNumbers;
    }

    // A list of some reasons only, or of changes only, would hide the other revoked certificates.
    private static bool TryReadExtensions(AsnReader extensions, out BigInteger? number)
    {
        number = null;
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            var oid = extension.ReadObjectIdentifier();
            var isCritical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
            if (isCritical || oid is IssuingDistributionPoint or DeltaIndicator)
            {
                return false;
            }
            if (oid == CrlNumber)
            {
                number = new AsnReader(extension.ReadOctetString(), AsnEncodingRules.DER).ReadInteger();
            }
        }
        return true;
    }
}
