using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;
using Guardian.Refusals;

namespace Guardian.Bench.Attestation;

/// <summary>A real quote with its collateral (tests/vectors/dcap), and its ECDSA verifications by the base library alone.</summary>
internal sealed class Workload
{
    private readonly List<Signature> signatures = [];
    private readonly ECDsa attestationKey;

    public Workload(string name)
    {
        Folder = Path.Combine(FindRoot(), "tests", "vectors", "dcap", name);
        Quote = File.ReadAllBytes(Path.Combine(Folder, "quote.bin"));
        Collateral = CollateralFiles.Read(Folder).Value ?? throw new InvalidDataException(Folder);
        var expected = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "expected.json")))!;
        At = DateTimeOffset.Parse((string)expected["at"]!, CultureInfo.InvariantCulture);
        AddSignatures();
        attestationKey = ECDsa.Create(signatures[^1].Key);
        VerifyAll();
    }

    public string Folder { get; }

    public byte[] Quote { get; }

    public QuoteCollateral Collateral { get; }

    public DateTimeOffset At { get; }

    /// <summary>Throws unless a verification succeeded, so that no round measures a failure.</summary>
    public static void ThrowIfRefused(Outcome<VerifiedQuote> outcome)
    {
        if (outcome.Refusal is { } refusal)
        {
            throw new InvalidOperationException(refusal.ToString());
        }
    }

    /// <summary>Verifies every signature; imports each key once.</summary>
    public void VerifyAll()
    {
        var keys = new Dictionary<string, ECDsa>();
        foreach (var signature in signatures)
        {
            if (!keys.TryGetValue(signature.Signer, out var key))
            {
                keys[signature.Signer] = key = ECDsa.Create(signature.Key);
            }
            Verify(key, signature);
        }
        foreach (var key in keys.Values)
        {
            key.Dispose();
        }
    }

    /// <summary>Verifies the quote's signature alone.</summary>
    public void VerifyOne() => Verify(attestationKey, signatures[^1]);

    private static void Verify(ECDsa key, Signature signature)
    {
        if (!key.VerifyData(signature.Data, signature.Value, HashAlgorithmName.SHA256, signature.Format))
        {
            throw new InvalidOperationException($"a signature of {signature.Signer} does not verify");
        }
    }

    private void AddSignatures()
    {
        var quote = Guardian.Attestation.Quotes.Quote.TryParse(Quote).Value!;
        var chain = Certificates(quote.CertificationData);
        var signers = Certificates(Collateral.TcbInfoIssuerChain);
        AddCertificate(chain[2], chain[2]);
        AddCertificate(chain[1], chain[2]);
        AddCertificate(chain[0], chain[1]);
        AddCertificate(signers[0], chain[2]);
        AddDocument(Collateral.TcbInfo, "tcbInfo", signers[0]);
        AddDocument(Collateral.QeIdentity, "enclaveIdentity", signers[0]);
        AddSigned(Collateral.RootCaCrl, chain[2]);
        AddSigned(Collateral.PckCrl, chain[1]);
        Add(chain[0], quote.QeReportBytes.ToArray(), quote.QeReportSignature.ToArray(),
            DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        var point = quote.AttestationKey.ToArray();
        signatures.Add(new Signature(
            "attestation key",
            new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = point[..32], Y = point[32..] } },
            quote.SignedBytes.ToArray(), quote.Signature.ToArray(), DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
    }

    private void AddCertificate(X509Certificate2 certificate, X509Certificate2 issuer) => AddSigned(certificate.RawData, issuer);

    // Certificates and revocation lists: SEQUENCE { signed part, algorithm, BIT STRING }.
    private void AddSigned(ReadOnlyMemory<byte> der, X509Certificate2 issuer)
    {
        var outer = new System.Formats.Asn1.AsnReader(der, System.Formats.Asn1.AsnEncodingRules.DER).ReadSequence();
        var signed = outer.ReadEncodedValue().ToArray();
        outer.ReadEncodedValue();
        Add(issuer, signed, outer.ReadBitString(out _), DSASignatureFormat.Rfc3279DerSequence);
    }

    private void AddDocument(ReadOnlyMemory<byte> json, string member, X509Certificate2 signer)
    {
        var text = Encoding.UTF8.GetString(json.Span);
        var start = text.IndexOf('{', text.IndexOf($"\"{member}\"", StringComparison.Ordinal));
        var end = text.LastIndexOf('}', text.LastIndexOf("\"signature\"", StringComparison.Ordinal));
        var signature = Convert.FromHexString((string)JsonNode.Parse(text)!["signature"]!);
        Add(signer, Encoding.UTF8.GetBytes(text[start..(end + 1)]), signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    private void Add(X509Certificate2 signer, byte[] data, byte[] value, DSASignatureFormat format)
    {
        using var key = signer.GetECDsaPublicKey()!;
        signatures.Add(new Signature(signer.Subject, key.ExportParameters(false), data, value, format));
    }

    private static List<X509Certificate2> Certificates(ReadOnlyMemory<byte> pem)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(Encoding.ASCII.GetString(pem.Span).TrimEnd('\0'));
        return [.. certificates];
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Guardian.slnx")))
        {
            folder = folder.Parent;
        }
        return folder.FullName;
    }

    private sealed record Signature(string Signer, ECParameters Key, byte[] Data, byte[] Value, DSASignatureFormat Format);
}
