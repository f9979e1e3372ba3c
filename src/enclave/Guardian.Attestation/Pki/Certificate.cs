using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Guardian.Attestation.Pki;

/// <summary>
/// An X.509 v3 certificate (RFC 5280, 4.1), read strictly and without the operating system: its store, its network and its tolerance do
/// not decide about trust here.
/// </summary>
internal sealed class Certificate
{
    private const string EcPublicKey = "1.2.840.10045.2.1";
    private const string NistP256 = "1.2.840.10045.3.1.7";
    internal const string EcdsaWithSha256 = "1.2.840.10045.4.3.2";
    private const string CommonName = "2.5.4.3";
    private const string BasicConstraints = "2.5.29.19";
    private const string KeyUsage = "2.5.29.15";

    // Certificates in use have fewer; each costs an allocation.
    private const int MaxExtensions = 32;

    private Certificate()
    {
    }

    /// <summary>The whole certificate.</summary>
    public required ReadOnlyMemory<byte> Der { get; init; }

    /// <summary>The signed part.</summary>
    public required ReadOnlyMemory<byte> Tbs { get; init; }

    /// <summary>The serial number's content octets, big-endian.</summary>
    public required ReadOnlyMemory<byte> SerialNumber { get; init; }

    public required ReadOnlyMemory<byte> Issuer { get; init; }

    public required ReadOnlyMemory<byte> Subject { get; init; }

    /// <summary>The last common name of the subject, or "".</summary>
    public required string SubjectCommonName { get; init; }

    public required DateTimeOffset NotBefore { get; init; }

    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>DER SubjectPublicKeyInfo.</summary>
    public required ReadOnlyMemory<byte> SubjectPublicKeyInfo { get; init; }

    /// <summary>SHA-256 of <see cref="SubjectPublicKeyInfo"/>.</summary>
    public byte[] KeyHash => SHA256.HashData(SubjectPublicKeyInfo.Span);

    /// <summary>x and y, when the key is on P-256.</summary>
    public required ReadOnlyMemory<byte>? PublicKey { get; init; }

    public required bool IsSignedWithEcdsaSha256 { get; init; }

    /// <summary>DER AlgorithmIdentifier of the signature.</summary>
    public required ReadOnlyMemory<byte> SignatureAlgorithm { get; init; }

    /// <summary>The signature: with ECDSA, the DER sequence of r and s.</summary>
    public required ReadOnlyMemory<byte> Signature { get; init; }

    public required IReadOnlyList<CertificateExtension> Extensions { get; init; }

    public required bool IsAuthority { get; init; }

    /// <summary>keyUsage, or null when the certificate does not restrict it.</summary>
    public required CertificateKeyUsage? Usage { get; init; }

    /// <summary>Whether it has a critical extension that this reader does not know.</summary>
    public required bool HasUnknownCritical { get; init; }

    public CertificateExtension? Find(string oid) => Extensions.FirstOrDefault(extension => extension.Oid == oid);

    /// <summary>Writes it as PEM, with a line feed at the end.</summary>
    public string ToPem() => PemEncoding.WriteString("CERTIFICATE", Der.Span) + "\n";

    public bool IsValidAt(DateTimeOffset now) => now >= NotBefore && now <= NotAfter;

    /// <summary>Whether the holder of a key signed this certificate.</summary>
    public bool IsSignedBy(P256Key key) => IsSignedWithEcdsaSha256 && key.VerifyDer(Tbs.Span, Signature.Span);

    /// <summary>Reads one certificate; null when it is malformed. Never throws for any content.</summary>
    public static Certificate? TryRead(ReadOnlyMemory<byte> der)
    {
        try
        {
            return Read(der);
        }
        catch (Exception failure) when (failure is AsnContentException or ArgumentException or OverflowException)
        {
            return null;
        }
    }

    private static Certificate? Read(ReadOnlyMemory<byte> der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var certificate = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        var tbsBytes = certificate.PeekEncodedValue();
        var tbs = certificate.ReadSequence();
        var algorithm = certificate.ReadEncodedValue();
        var signature = certificate.ReadBitString(out var unusedBits);
        certificate.ThrowIfNotEmpty();

        var version = tbs.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0));
        if (!version.TryReadInt32(out var number) || number != 2 || unusedBits != 0)
        {
            return null;
        }
        var serialNumber = tbs.ReadIntegerBytes();
        if (!tbs.ReadEncodedValue().Span.SequenceEqual(algorithm.Span))
        {
            // RFC 5280, 4.1.1.2: the signed algorithm identifier must equal the outer one.
            return null;
        }
        var issuer = tbs.ReadEncodedValue();
        var validity = tbs.ReadSequence();
        var (notBefore, notAfter) = (ReadTime(validity), ReadTime(validity));
        validity.ThrowIfNotEmpty();
        var subject = tbs.ReadEncodedValue();
        var keyInfo = tbs.ReadEncodedValue();
        var extensions = tbs.HasData ? ReadExtensions(tbs) : [];
        if (extensions is null)
        {
            return null;
        }
        tbs.ThrowIfNotEmpty();

        var known = (string[])[BasicConstraints, KeyUsage];
        return new Certificate
        {
            Der = der,
            Tbs = tbsBytes,
            SerialNumber = serialNumber,
            Issuer = issuer,
            Subject = subject,
            SubjectCommonName = ReadCommonName(subject),
            NotBefore = notBefore,
            NotAfter = notAfter,
            SubjectPublicKeyInfo = keyInfo,
            PublicKey = ReadP256Key(keyInfo),
            IsSignedWithEcdsaSha256 =
                new AsnReader(algorithm, AsnEncodingRules.DER).ReadSequence().ReadObjectIdentifier() == EcdsaWithSha256,
            SignatureAlgorithm = algorithm,
            Signature = signature,
            Extensions = extensions,
            IsAuthority = extensions.FirstOrDefault(extension => extension.Oid == BasicConstraints) is { } constraints
                && ReadIsAuthority(constraints.Value),
            // AMD's intermediates end the bits with a zero, which DER forbids and which means nothing.
            Usage = extensions.FirstOrDefault(extension => extension.Oid == KeyUsage) is { } usage
                ? new AsnReader(usage.Value, AsnEncodingRules.BER).ReadNamedBitListValue<CertificateKeyUsage>()
                : null,
            HasUnknownCritical = extensions.Any(extension => extension.IsCritical && !known.Contains(extension.Oid)),
        };
    }

    /// <summary>Reads a Time (RFC 5280, 4.1.2.5).</summary>
    internal static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    private static List<CertificateExtension>? ReadExtensions(AsnReader tbs)
    {
        var list = tbs.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 3)).ReadSequence();
        var extensions = new List<CertificateExtension>();
        while (list.HasData)
        {
            var extension = list.ReadSequence();
            var oid = extension.ReadObjectIdentifier();
            var isCritical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
            if (!extension.TryReadPrimitiveOctetString(out var value)
                || extensions.Count == MaxExtensions || extensions.Any(known => known.Oid == oid))
            {
                return null;
            }
            extension.ThrowIfNotEmpty();
            extensions.Add(new CertificateExtension(oid, isCritical, value));
        }
        return extensions;
    }

    private static string ReadCommonName(ReadOnlyMemory<byte> name)
    {
        var commonName = "";
        var sets = new AsnReader(name, AsnEncodingRules.DER).ReadSequence();
        while (sets.HasData)
        {
            var set = sets.ReadSetOf();
            while (set.HasData)
            {
                var attribute = set.ReadSequence();
                if (attribute.ReadObjectIdentifier() == CommonName)
                {
                    commonName = attribute.ReadCharacterString((UniversalTagNumber)attribute.PeekTag().TagValue);
                }
            }
        }
        return commonName;
    }

    private static ReadOnlyMemory<byte>? ReadP256Key(ReadOnlyMemory<byte> keyInfo)
    {
        var reader = new AsnReader(keyInfo, AsnEncodingRules.DER).ReadSequence();
        var algorithm = reader.ReadSequence();
        if (algorithm.ReadObjectIdentifier() != EcPublicKey || algorithm.ReadObjectIdentifier() != NistP256)
        {
            return null;
        }
        var point = reader.ReadBitString(out _);
        return point.Length == 1 + P256Key.Size && point[0] == 4 ? point.AsMemory(1) : default(ReadOnlyMemory<byte>?);
    }

    private static bool ReadIsAuthority(ReadOnlyMemory<byte> value)
    {
        var constraints = new AsnReader(value, AsnEncodingRules.DER).ReadSequence();
        return constraints.HasData && constraints.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && constraints.ReadBoolean();
    }
}

/// <summary>An extension of a certificate, not interpreted.</summary>
internal sealed record CertificateExtension(string Oid, bool IsCritical, ReadOnlyMemory<byte> Value);

/// <summary>keyUsage (RFC 5280, 4.2.1.3), bits counted from the first.</summary>
[Flags]
internal enum CertificateKeyUsage
{
    None = 0,
    DigitalSignature = 1 << 0,
    NonRepudiation = 1 << 1,
    KeyCertSign = 1 << 5,
    CrlSign = 1 << 6,
}
