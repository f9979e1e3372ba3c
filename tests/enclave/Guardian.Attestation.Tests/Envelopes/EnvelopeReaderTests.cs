using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.RaTls;
using Guardian.Tests;

namespace Guardian.Attestation.Tests.Envelopes;

/// <summary>Every form is recognised, in each encoding, and bound to its key.</summary>
public sealed class EnvelopeReaderTests
{
    private static readonly EnvelopeVerifier Verifier = new(TestPlatform.Verifier);

    public static TheoryData<string> Encodings =>
        ["raw", "hex", "0xHEX", "colons", "C", "base64", "unpadded", "base64url", "lines", "mark", "quotes", "twice"];

    [Theory]
    [MemberData(nameof(Encodings))]
    public void A_quote_and_a_report_are_found_in_each_encoding(string encoding)
    {
        var quote = Encode(TestPlatform.Quote, encoding);
        var (found, refusal) = EnvelopeReader.Read(quote);
        Assert.True(found is not null, refusal?.ToString());
        Assert.Equal(EnvelopeKind.Quote, found.Kind);
        Assert.Equal(TestPlatform.Enclave.Identity.MrEnclave, Verifier.Verify(found, TestPlatform.Now).Value!.Quote.Report.MrEnclave);

        var report = EnvelopeReader.Read(Encode(Report(TestPlatform.Quote), encoding)).Value!;
        Assert.Equal(EnvelopeKind.OpenEnclaveReport, report.Kind);
        Assert.Null(Verifier.Verify(report, TestPlatform.Now).Value!.KeySha256);
    }

    [Fact]
    public void Our_certificate_is_found_as_DER_and_as_PEM()
    {
        using var certificate = RaTlsCertificate.Create(TestPlatform.Quotes, EvidenceContext.CasStarting);
        foreach (
            var bytes in new[] { certificate.RawData, Encoding.ASCII.GetBytes($"text before\n{certificate.ExportCertificatePem()}\n") })
        {
            var envelope = EnvelopeReader.Read(bytes).Value!;
            Assert.Equal("RA-TLS certificate (TCG DICE) and RA-TLS certificate (Gramine)", envelope.Name);
            Assert.Equal(HashOfKey(certificate), Verifier.Verify(envelope, TestPlatform.Now).Value!.KeySha256);
            Assert.Equal(2, envelope.FindQuotes().Count());
        }
    }

    [Theory]
    [InlineData("key first", "RA-TLS certificate (TCG DICE) and RA-TLS certificate (Gramine)")]
    [InlineData("other first", "RA-TLS certificate (TCG DICE) and RA-TLS certificate (Gramine)")]
    [InlineData("CRLF", "RA-TLS certificate (TCG DICE) and RA-TLS certificate (Gramine)")]
    [InlineData("names", "RA-TLS certificate (TCG DICE) and RA-TLS certificate (Gramine)")]
    public void The_evidence_is_found_in_the_file_of_a_server(string form, string name)
    {
        using var certificate = RaTlsCertificate.Create(TestPlatform.Quotes, EvidenceContext.CasStarting);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = Certify(key);
        var pem = certificate.ExportCertificatePem();
        var text = form switch
        {
            "key first" => $"{key.ExportPkcs8PrivateKeyPem()}\n{pem}\n",
            "other first" => $"{other.ExportCertificatePem()}\n{pem}\n",
            "CRLF" => pem.ReplaceLineEndings("\r\n"),
            _ => $"Subject: CN=Jürgen Müller\n{pem}\n",
        };
        var envelope = EnvelopeReader.Read(Encoding.UTF8.GetBytes(text)).Value!;
        Assert.Equal(name, envelope.Name);
        Assert.Equal(HashOfKey(certificate), Verifier.Verify(envelope, TestPlatform.Now).Value!.KeySha256);
    }

    [Theory]
    [InlineData("quote")]
    [InlineData("token")]
    public void The_answer_of_a_service_is_opened(string member)
    {
        var content = member == "quote" ? Convert.ToHexString(TestPlatform.Quote) : "e30.e30.AAAA";
        var json = JsonSerializer.Serialize(new Dictionary<string, object> { [member] = content, ["more"] = new[] { "ü" } });
        Assert.Equal(
            member == "quote" ? EnvelopeKind.Quote : EnvelopeKind.Token, EnvelopeReader.Read(Encoding.UTF8.GetBytes(json)).Value!.Kind);
        // No answer is in an answer in an answer for ever.
        for (var i = 0; i < 3; i++)
        {
            json = JsonSerializer.Serialize(new Dictionary<string, string> { ["token"] = json });
        }
        Assert.NotNull(EnvelopeReader.Read(Encoding.UTF8.GetBytes(json)).Refusal);
    }

    // EGo hashes the key in DER, Open Enclave in PEM.
    [Theory]
    [InlineData("1.2.840.113556.10.1.1", false, "RA-TLS certificate (Open Enclave)")]
    [InlineData("1.2.840.113556.10.1.2", false, "RA-TLS certificate (Open Enclave)")]
    [InlineData("1.3.6.1.4.1.311.105.2", false, "RA-TLS certificate (Open Enclave)")]
    [InlineData("1.3.6.1.4.1.311.105.1", false, "RA-TLS certificate (Open Enclave, EGo or Azure)")]
    [InlineData("1.3.6.1.4.1.311.105.1", true, "RA-TLS certificate (Open Enclave, EGo or Azure)")]
    [InlineData("1.2.840.113741.1.13.1", true, "RA-TLS certificate (Intel SDK)")]
    public void Evidence_of_others_is_accepted_for_its_own_key_alone(string oid, bool isDer, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var info = key.ExportSubjectPublicKeyInfo();
        var claims = isDer ? info : Encoding.ASCII.GetBytes($"{PemEncoding.WriteString("PUBLIC KEY", info)}\n\0");
        var quote = TestPlatform.Quotes.CreateQuote([.. SHA256.HashData(claims), .. new byte[32]]);
        var value = oid.EndsWith(".13.1", StringComparison.Ordinal) ? quote
            : oid.EndsWith(".2", StringComparison.Ordinal) ? OpenEnclaveEvidence(quote, claims)
            : Report(quote);
        using var genuine = Certify(key, oid, value);
        var envelope = EnvelopeReader.Read(genuine.RawData).Value!;
        Assert.Equal(name, envelope.Name);
        Assert.Equal(HashOfKey(genuine), Verifier.Verify(envelope, TestPlatform.Now).Value!.KeySha256);

        // A thief puts the genuine evidence beside a key of his own. A naive verifier looks at the quote alone.
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var stolen = Certify(own, oid, value);
        Assert.NotNull(TestPlatform.Verifier.Verify(quote, TestPlatform.Now).Value);
        Assert.Equal("key-not-bound", Verifier.Verify(EnvelopeReader.Read(stolen.RawData).Value!, TestPlatform.Now).Refusal!.Code);
    }

    [Fact]
    public void A_good_and_a_forged_quote_in_one_certificate_are_forged()
    {
        using var ours = RaTlsCertificate.Create(TestPlatform.Quotes, EvidenceContext.CasStarting);
        using var key = ours.GetECDsaPrivateKey()!;
        var extensions = ours.Extensions.Append(new X509Extension("1.2.840.113556.10.1.1", Report(TestPlatform.Quote), false)).ToArray();
        using var both = Certify(key, extensions);
        Assert.NotNull(RaTlsVerifier.Verify(both.RawData, TestPlatform.Now, TestPlatform.Verifier).Value);
        Assert.Equal("key-not-bound", Verifier.Verify(EnvelopeReader.Read(both.RawData).Value!, TestPlatform.Now).Refusal!.Code);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void A_coordinator_s_quote_names_its_root_certificate(bool isWrapped, bool isReport)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = Certify(key);
        using var leaf = Certify(key);
        var quote = TestPlatform.Quotes.CreateQuote([.. SHA256.HashData(root.RawData), .. new byte[32]]);
        var envelope = Answer($"{leaf.ExportCertificatePem()}\n{root.ExportCertificatePem()}");
        Assert.Equal(EnvelopeKind.MarbleRunQuote, envelope.Kind);
        Assert.Equal(HashOfKey(root), Verifier.Verify(envelope, TestPlatform.Now).Value!.KeySha256);
        Assert.Equal(
            "key-not-bound", Verifier.Verify(Answer(leaf.ExportCertificatePem()), TestPlatform.Now).Refusal!.Code);

        Envelope Answer(string pem)
        {
            var inner = new { Cert = pem, Quote = Convert.ToBase64String(isReport ? Report(quote) : quote) };
            var json = isWrapped ? JsonSerializer.Serialize(new { status = "success", data = inner }) : JsonSerializer.Serialize(inner);
            return EnvelopeReader.Read(Encoding.UTF8.GetBytes(json)).Value!;
        }
    }

    [Theory]
    [InlineData("1F8B0800", "gzip")]
    [InlineData("504B0304", "ZIP")]
    [InlineData("FFFE4100", "UTF-16")]
    [InlineData("FEFF0041", "UTF-16")]
    [InlineData("7F454C4602010100", "ELF")]
    [InlineData("D28443A10126A0", "JWT")]
    [InlineData("D83DD28443A10126A0", "JWT")]
    [InlineData("D901F5A100", "CoRIM")]
    public void An_error_names_the_format_of_a_file(string beginning, string expected) => Assert.Contains(
        expected, EnvelopeReader.Read(Convert.FromHexString(beginning + "0001FF")).Refusal!.Detail, StringComparison.Ordinal);

    [Theory]
    [InlineData("e30.AA.AA.AA.AA", "JWE")]
    [InlineData("{\"payload\":\"\",\"signatures\":[{},{}]}", "compact")]
    [InlineData("", "empty")]
    [InlineData("hello", "neither PEM, JSON, a JWT, hexadecimal nor base64")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "public key")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "malformed")]
    [InlineData("{\"keys\": []}", "JWKS")]
    [InlineData("{\"tcbInfo\": {}}", "collateral")]
    [InlineData("{\"a\": 1, \"a\": 2}", "cannot be read")]
    [InlineData("[1]", "neither")]
    [InlineData("{\"Cert\": \"x\", \"Quote\": \"AAAA\"}", "without a certificate")]
    public void An_error_names_the_form_that_was_seen(string text, string expected)
    {
        var refusal = EnvelopeReader.Read(Encoding.ASCII.GetBytes(text)).Refusal!;
        Assert.Equal("no-envelope", refusal.Code);
        Assert.Contains(expected, refusal.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(432, 5, "SGX report")]
    [InlineData(1808, 6, "SIGSTRUCT")]
    [InlineData(500, 3, "QE vendor id")]
    public void An_error_names_other_artefacts(int size, byte first, string expected)
    {
        var bytes = new byte[size];
        bytes[0] = first;
        Assert.Contains(expected, EnvelopeReader.Read(bytes).Refusal!.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(250, true)]
    [InlineData(300, false)]
    public void A_text_with_more_blocks_than_any_file_has_is_no_PEM(int blocks, bool isRead)
    {
        using var certificate = RaTlsCertificate.Create(TestPlatform.Quotes, EvidenceContext.CasStarting);
        // Naive: each beginning without an end is searched to the end of the text.
        var beginnings = string.Concat(Enumerable.Repeat("-----BEGIN CERTIFICATE-----\n", blocks));
        var text = $"{certificate.ExportCertificatePem()}\n{beginnings}";
        Assert.True(PemEncoding.TryFind(text, out _));
        Assert.Equal(isRead, EnvelopeReader.Read(Encoding.ASCII.GetBytes(text)).Value is not null);
        Assert.Equal(isRead, Guardian.Attestation.Pki.CertificatePem.ReadAll(Encoding.ASCII.GetBytes(text), most: 1).Count == 1);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1185)]
    [InlineData(4000)]
    public void An_error_names_a_report_of_another_size(int size)
    {
        var bytes = new byte[size];
        (bytes[0], bytes[0x34]) = (3, 1);
        Assert.Contains("report of SEV-SNP", EnvelopeReader.Read(bytes).Refusal!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_without_evidence_is_named()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var plain = Certify(key);
        var refusal = EnvelopeReader.Read(Encoding.ASCII.GetBytes(plain.ExportCertificatePem())).Refusal!;
        Assert.Equal("no-evidence", refusal.Code);
        Assert.Contains("test", refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void No_change_of_a_byte_makes_a_forgery_or_an_exception()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var hash = SHA256.HashData(
            Encoding.ASCII.GetBytes($"{PemEncoding.WriteString("PUBLIC KEY", key.ExportSubjectPublicKeyInfo())}\n\0"));
        using var genuine = Certify(
            key, "1.2.840.113556.10.1.1", Report(TestPlatform.Quotes.CreateQuote([.. hash, .. new byte[32]])));
        for (var i = 0; i < genuine.RawData.Length; i += 3)
        {
            var damaged = genuine.RawData.ToArray();
            damaged[i] ^= 0x41;
            var (envelope, _) = EnvelopeReader.Read(damaged);
            // Names, dates and the self-signature are not attested.
            if (envelope is not null && Verifier.Verify(envelope, TestPlatform.Now).Value is { } verified)
            {
                Assert.Equal(HashOfKey(genuine), verified.KeySha256);
            }
        }
    }

    [Fact]
    public void Evidence_of_two_builds_of_one_enclave_disagrees()
    {
        // The same code, but the host can debug the second enclave.
        using var open = TestPlatform.Launch(1, more: Guardian.Sgx.AttributeFlags.Debug);
        using var ours = RaTlsCertificate.Create(TestPlatform.Quotes, EvidenceContext.CasStarting);
        using var key = ours.GetECDsaPrivateKey()!;
        foreach (var (enclave, reason) in new[] { (TestPlatform.Enclave, null), (open, "evidence-disagrees") })
        {
            var quote = TestPlatform.QuotingEnclave.ProviderFor(enclave).CreateQuote(
                [.. SHA256.HashData(key.ExportSubjectPublicKeyInfo()), .. new byte[32]]);
            using var both = Certify(
                key, [.. ours.Extensions, new X509Extension("1.3.6.1.4.1.311.105.1", Report(quote), false)]);
            Assert.Equal(reason, Verifier.Verify(EnvelopeReader.Read(both.RawData).Value!, TestPlatform.Now).Refusal?.Code);
        }
    }

    [Fact]
    public void Damaged_evidence_of_Open_Enclave_is_no_quote_and_no_exception()
    {
        var evidence = OpenEnclaveEvidence(TestPlatform.Quote, [1, 2, 3]);
        Assert.Equal(TestPlatform.Quote, EnvelopeReader.Read(evidence).Value!.Content.ToArray());
        for (var size = 0; size < evidence.Length; size += 7)
        {
            Assert.NotEqual(EnvelopeKind.OpenEnclaveReport, EnvelopeReader.Read(evidence.AsMemory(0, size)).Value?.Kind);
        }
        for (var i = 0; i < 32; i++)
        {
            evidence[i] ^= 1;
            // Bytes 20 to 23 are padding.
            Assert.Equal(i is >= 20 and < 24, EnvelopeReader.Read(evidence).Value is not null);
            evidence[i] ^= 1;
        }
    }

    private static byte[] OpenEnclaveEvidence(byte[] quote, byte[] claims) =>
    [
        3, 0, 0, 0, .. Convert.FromHexString("a3a21e871b4d4014b70aa125d2fbcd8c"), .. new byte[4],
        .. BitConverter.GetBytes((ulong)(quote.Length + claims.Length)), .. quote, .. claims,
    ];

    private static byte[] Report(byte[] quote) => [1, 0, 0, 0, 2, 0, 0, 0, .. BitConverter.GetBytes((ulong)quote.Length), .. quote];

    private static byte[] Encode(byte[] bytes, string encoding) => encoding switch
    {
        "raw" => bytes,
        "hex" => Encoding.ASCII.GetBytes(Convert.ToHexStringLower(bytes)),
        "0xHEX" => Encoding.ASCII.GetBytes($"0x{Convert.ToHexString(bytes)}\n"),
        "base64" => Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes)),
        "base64url" => Encoding.ASCII.GetBytes(System.Buffers.Text.Base64Url.EncodeToString(bytes)),
        "lines" => Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes, Base64FormattingOptions.InsertLineBreaks)),
        "colons" => Encoding.ASCII.GetBytes(string.Join(':', bytes.Select(each => each.ToString("X2", null)))),
        "C" => Encoding.ASCII.GetBytes(string.Join(", ", bytes.Select(each => $"0x{each:x2}"))),
        "unpadded" => Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes).TrimEnd('=')),
        // As some editors and answers of services have it.
        "mark" => [.. Encoding.UTF8.Preamble, .. Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes)), 0],
        "quotes" => Encoding.ASCII.GetBytes($"\"{Convert.ToBase64String(bytes)}\"\n"),
        _ => Encoding.ASCII.GetBytes(Convert.ToBase64String(Encoding.ASCII.GetBytes(Convert.ToHexString(bytes)))),
    };

    private static X509Certificate2 Certify(ECDsa key, string oid, byte[] value) =>
        Certify(key, new X509Extension(oid, value, critical: false));

    private static X509Certificate2 Certify(ECDsa key, params X509Extension[] extensions)
    {
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        foreach (var extension in extensions)
        {
            request.CertificateExtensions.Add(extension);
        }
        return request.CreateSelfSigned(TestPlatform.Now.AddDays(-1), TestPlatform.Now.AddDays(1));
    }

    private static string HashOfKey(X509Certificate2 certificate) =>
        Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
}
