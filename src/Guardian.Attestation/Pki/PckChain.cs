using System.Security.Cryptography;
using System.Text;

namespace Guardian.Attestation;

/// <summary>The certificates of a quote: PCK leaf, its issuing CA, root; verified up to a root key that is known here.</summary>
internal sealed record PckChain(ReadOnlyMemory<byte> PckKey, PckExtension Extension, TrustAnchor Anchor)
{
    // Intel's names by position (QVL), which the simulated PKI's contain as well.
    private const string LeafName = "SGX PCK Certificate";
    private const string AuthorityName = "CA";
    private const string RootName = "SGX Root CA";

    /// <summary>Verifies a PEM chain in the order leaf, issuer, root. Never throws for any content.</summary>
    /// <param name="pem">Certification data of type 5; a NUL may follow.</param>
    /// <returns>The chain, or null with the failure.</returns>
    public static PckChain? Verify(ReadOnlySpan<byte> pem, DateTimeOffset now, out QuoteFailure? failure)
    {
        if (ReadPem(pem) is not [{ } leaf, { } authority, { } root])
        {
            failure = Fail("bad-chain", "the certification data is not a PEM chain of three certificates: PCK, its issuer, root");
            return null;
        }
        var anchor = root.PublicKey is { } rootKey ? TrustAnchor.Find(rootKey.Span) : null;
        if (anchor is null)
        {
            failure = Fail("unknown-root", $"the chain ends in '{root.SubjectCommonName}', whose key is no known root of trust");
            return null;
        }
        failure = Check(root, root, root.PublicKey!.Value, RootName, isAuthority: true, now)
            ?? Check(authority, root, root.PublicKey.Value, AuthorityName, isAuthority: true, now);
        if (failure is null && authority.PublicKey is null)
        {
            failure = Fail("bad-key", $"the key of '{authority.SubjectCommonName}' is not on P-256");
        }
        failure ??= Check(leaf, authority, authority.PublicKey!.Value, LeafName, isAuthority: false, now);
        if (failure is not null)
        {
            return null;
        }
        if (leaf.PublicKey is not { } pckKey || leaf.Find(PckExtension.Oid) is not { } found || PckExtension.TryRead(found.Value) is not { } extension)
        {
            failure = Fail("bad-pck", "the PCK certificate lacks a P-256 key or Intel's SGX extension");
            return null;
        }
        return new PckChain(pckKey, extension, anchor);
    }

    private static QuoteFailure? Check(Certificate certificate, Certificate issuer, ReadOnlyMemory<byte> issuerKey, string name, bool isAuthority, DateTimeOffset now)
    {
        var who = $"certificate '{certificate.SubjectCommonName}'";
        if (!certificate.SubjectCommonName.Contains(name, StringComparison.Ordinal))
        {
            return Fail("wrong-name", $"{who} stands where one named '{name}' belongs");
        }
        if (!certificate.Issuer.Span.SequenceEqual(issuer.Subject.Span))
        {
            return Fail("wrong-issuer", $"{who} was not issued by '{issuer.SubjectCommonName}'");
        }
        var mayBe = isAuthority
            ? certificate.IsAuthority && certificate.Usage is { } usage && usage.HasFlag(CertificateKeyUsage.KeyCertSign)
            : !certificate.IsAuthority;
        if (!mayBe || certificate.HasUnknownCritical)
        {
            return Fail("wrong-use", $"{who} may not be used as it is here (basicConstraints, keyUsage or an unknown critical extension)");
        }
        if (!certificate.IsValidAt(now))
        {
            return Fail("not-valid-now", $"{who} is valid from {certificate.NotBefore:u} to {certificate.NotAfter:u}, not at {now:u}");
        }
        return certificate.IsSignedBy(issuerKey) ? null : Fail("bad-signature", $"the signature of {who} is not '{issuer.SubjectCommonName}'s");
    }

    private static List<Certificate?> ReadPem(ReadOnlySpan<byte> pem)
    {
        var certificates = new List<Certificate?>();
        var text = Encoding.Latin1.GetString(pem.TrimEnd((byte)0)).AsSpan();
        // One more than belongs there is enough to tell.
        while (certificates.Count <= 3 && PemEncoding.TryFind(text, out var fields))
        {
            var der = new byte[fields.DecodedDataLength];
            var isCertificate = text[fields.Label] is "CERTIFICATE" && Convert.TryFromBase64Chars(text[fields.Base64Data], der, out _);
            certificates.Add(isCertificate ? Certificate.TryRead(der) : null);
            text = text[fields.Location.End..];
        }
        return certificates;
    }

    private static QuoteFailure Fail(string reason, string detail) => new(QuoteStage.CertificateChain, reason, detail);
}
