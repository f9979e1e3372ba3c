using System.Formats.Asn1;
using System.Security.Cryptography;
using Guardian.Attestation.Pki;

namespace Guardian.Attestation.Snp;

/// <summary>The two kinds of signatures of AMD: RSA-PSS of 4096 bits under certificates, ECDSA on P-384 under reports, both with
/// SHA-384.</summary>
internal static class AmdKey
{
    private const string RsaPss = "1.2.840.113549.1.1.10";
    private const int RsaBits = 4096;
    private const int P384Bits = 384;
    private const int NumberSize = 48;

    // Each number of a report's signature lies in 72 bytes.
    private const int FieldSize = 72;

    // An RSA key of 4096 bits has 550 bytes. A larger one costs more time and is none of AMD's.
    private const int MaxKeyInfo = 600;

    /// <summary>Whether an issuer signed some bytes with RSA-PSS.</summary>
    public static bool HasSigned(Certificate issuer, ReadOnlyMemory<byte> algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (!IsRsaPss(algorithm) || issuer.SubjectPublicKeyInfo.Length > MaxKeyInfo)
        {
            return false;
        }
        try
        {
            using var key = RSA.Create();
            key.ImportSubjectPublicKeyInfo(issuer.SubjectPublicKeyInfo.Span, out _);
            // The padding demands SHA-384, MGF1 with SHA-384, and a salt of 48 bytes, whatever the certificate says.
            return key.KeySize == RsaBits && key.VerifyData(data, signature, HashAlgorithmName.SHA384, RSASignaturePadding.Pss);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Whether the holder of a certificate signed a report. The numbers are little-endian and end with zeros.</summary>
    public static bool HasSigned(Certificate leaf, SnpReport report)
    {
        var signature = new byte[2 * NumberSize];
        for (var index = 0; index < 2; index++)
        {
            var field = report.Signature.Slice(index * FieldSize, FieldSize);
            if (field[NumberSize..].ContainsAnyExcept((byte)0))
            {
                return false;
            }
            field[..NumberSize].CopyTo(signature.AsSpan(index * NumberSize));
            signature.AsSpan(index * NumberSize, NumberSize).Reverse();
        }
        if (report.Signature[(2 * FieldSize)..].ContainsAnyExcept((byte)0))
        {
            return false;
        }
        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(leaf.SubjectPublicKeyInfo.Span, out _);
            return key.KeySize == P384Bits
                && key.VerifyData(report.Signed, signature, HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static bool IsRsaPss(ReadOnlyMemory<byte> algorithm)
    {
        try
        {
            return new AsnReader(algorithm, AsnEncodingRules.DER).ReadSequence().ReadObjectIdentifier() == RsaPss;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }
}
