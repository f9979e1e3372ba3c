using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Snp;
using Guardian.Refusals;

namespace Guardian.Attestation.Envelopes;

/// <summary>Finds out which form some bytes have. Thread-safe.</summary>
public static class EnvelopeReader
{
    /// <summary>The largest input that is read, in bytes: the largest quote as text, with room for what is around it.</summary>
    public const int MaxSize = 8 * Quote.MaxSize;

    private const int MaxDepth = 2;
    private const int MaxCertificates = 8;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    // Intel's quoting enclave; Guardian's simulated one has the same vendor id. Byte 12 of each quote.
    private static readonly byte[] QuoteVendor = Convert.FromHexString("939a7233f79c4ca9940a0db3957f0607");

    /// <summary>Reads bytes as a quote, a report, a certificate, a coordinator's answer or a token; also in hexadecimal or
    /// base64.</summary>
    /// <param name="bytes">The bytes; at most <see cref="MaxSize"/>.</param>
    /// <returns>The envelope, or a refusal that names the form that the bytes seem to have. Never throws for any content.</returns>
    public static Outcome<Envelope> Read(ReadOnlyMemory<byte> bytes) =>
        bytes.Length > MaxSize
            ? QuoteReasons.TooLarge.At(QuoteStage.Parse, $"{bytes.Length} bytes are more than evidence has, at most {MaxSize}")
            : Read(bytes, depth: 0);

    /// <summary>Decodes hexadecimal, base64 and base64url.</summary>
    /// <param name="text">ASCII, with white space anywhere. Hexadecimal may have <c>0x</c>, colons and commas between bytes; base64 may
    /// lack its padding.</param>
    /// <returns>The bytes; null when the text is none of these.</returns>
    public static byte[]? Decode(ReadOnlySpan<byte> text)
    {
        if (text.ContainsAnyExceptInRange((byte)'\t', (byte)'~'))
        {
            return null;
        }
        var dense = string.Concat(Encoding.ASCII.GetString(text).Where(character => !char.IsWhiteSpace(character)));
        var hex = string.Concat(dense.Replace("0x", "", StringComparison.OrdinalIgnoreCase).Where(each => each is not (':' or ',')));
        var base64 = dense.TrimEnd('=').Replace('+', '-').Replace('/', '_');
        var decoded = new byte[dense.Length];
        return hex.Length % 2 == 0 && Convert.FromHexString(hex, decoded, out _, out var size) == OperationStatus.Done
            || (Base64Url.IsValid(base64) && Base64Url.TryDecodeFromChars(base64, decoded, out size))
                ? decoded[..size]
                : null;
    }

    private static Outcome<Envelope> Read(ReadOnlyMemory<byte> bytes, int depth)
    {
        if (IsQuote(bytes.Span))
        {
            return new Envelope(EnvelopeKind.Quote, "quote", bytes);
        }
        if (OpenEnclaveReport.TryRead(bytes) is { } report)
        {
            return new Envelope(EnvelopeKind.OpenEnclaveReport, "Open Enclave report", report);
        }
        if (SnpReport.LooksLike(bytes.Span))
        {
            return new Envelope(EnvelopeKind.SnpReport, "SEV-SNP report", bytes);
        }
        if (AzureReport.TryRead(bytes) is var (snp, runtimeData))
        {
            return new Envelope(EnvelopeKind.SnpReport, "SEV-SNP report (Azure)", snp) { RuntimeData = runtimeData };
        }
        if (bytes.Length > 0 && bytes.Span[0] == 0x30 && Certificate.TryRead(bytes) is { } certificate)
        {
            return Read(certificate);
        }
        var text = JsonText.WithoutMark(bytes).Span.TrimEnd((byte)0);
        return text.IsEmpty || text.ContainsAnyInRange((byte)0, (byte)8) || !Utf8.IsValid(text)
            ? Unknown(DescribeBinary(bytes.Span))
            : ReadText(Encoding.UTF8.GetString(text).Trim(), depth);
    }

    private static Outcome<Envelope> ReadText(string text, int depth)
    {
        if (text.StartsWith('{'))
        {
            return ReadJson(text, depth);
        }
        if (CertificatePem.TryFind(text, out var fields))
        {
            return ReadPem(text, text[fields.Label], depth);
        }
        // An answer that is one JSON text.
        text = text.Trim('"');
        if (text.Split('.') is [{ Length: > 0 } header, { Length: > 0 } payload, var signature]
            && Base64Url.IsValid(header) && Base64Url.IsValid(payload) && Base64Url.IsValid(signature))
        {
            // The signature is over the text without the breaks that mail and editors add.
            var token = string.Concat(text.Where(character => !char.IsWhiteSpace(character)));
            return new Envelope(EnvelopeKind.Token, "token (JWT)", Encoding.ASCII.GetBytes(token));
        }
        return depth < MaxDepth && Decode(Encoding.UTF8.GetBytes(text)) is { } decoded ? Read(decoded, depth + 1)
            : text.Split('.').Length == 5 && text.All(each => char.IsAsciiLetterOrDigit(each) || each is '-' or '_' or '.')
                ? Unknown("an encrypted token (JWE), which only its receiver can open")
            : Unknown("a text that is neither PEM, JSON, a JWT, hexadecimal nor base64");
    }

    // The file of a server has its chain, and sometimes its key first. Tools have labels of their own for a quote, so its content counts.
    // A quote beside a certificate would be taken for evidence of its key.
    private static Outcome<Envelope> ReadPem(string text, string label, int depth)
    {
        var blocks = CertificatePem.ReadBlocks(text, MaxCertificates);
        var certificates = blocks.Select(CertificatePem.Read).OfType<Certificate>().ToList();
        if (certificates.Count > 0)
        {
            return Read(certificates.Find(each => CertificateEvidence.FindAll(each).Count > 0) ?? certificates[0]);
        }
        var envelopes = depth < MaxDepth ? blocks.Select(block => Read(block.Content, depth + 1).Value) : [];
        return envelopes.FirstOrDefault(found => found is not null) is { } envelope ? envelope
            : label == CertificatePem.Label ? Unknown("a PEM certificate that is malformed")
            : Unknown($"a PEM file with a {label.ToLowerInvariant()}, which is no evidence");
    }

    private static Outcome<Envelope> Read(Certificate certificate)
    {
        var evidence = CertificateEvidence.FindAll(certificate);
        return evidence.Count > 0
            ? new Envelope(
                EnvelopeKind.Certificate, string.Join(" and ", evidence.Select(each => each.Form).Distinct()), certificate.Der)
            : QuoteReasons.NoEvidence.At(
                QuoteStage.Parse,
                certificate.SubjectCommonName.StartsWith("Intel SGX", StringComparison.Ordinal)
                    ? $"this is a certificate of Intel's ('{certificate.SubjectCommonName}'), which belongs to a quote: "
                        + "quote verify --pck-chain FILE"
                    : $"this is a certificate without evidence in it ('{certificate.SubjectCommonName}')");
    }

    // MarbleRun: {"status": "success", "data": {"Cert": PEM, "Quote": base64}}, or the inner object alone. Verifiers: {"token": JWT}.
    private static Outcome<Envelope> ReadJson(string json, int depth)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            var answer = document.RootElement.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object
                ? data
                : document.RootElement;
            if (FindText(answer, "Cert") is { } pem && FindText(answer, "Quote") is { } quote)
            {
                return ReadAnswer(pem, quote);
            }
            return depth < MaxDepth && (FindText(answer, "Quote") ?? FindText(answer, "token")) is { } inner
                ? ReadText(inner, depth + 1)
                : Unknown(DescribeJson(document.RootElement));
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return Unknown($"a JSON text that cannot be read ({failure.Message})");
        }
    }

    private static Outcome<Envelope> ReadAnswer(string pem, string quote)
    {
        if (Decode(Encoding.UTF8.GetBytes(quote)) is not { } content)
        {
            return Unknown("a coordinator's answer whose quote is not base64");
        }
        // The last certificate is the root, which the quote names.
        return CertificatePem.ReadAll(Encoding.UTF8.GetBytes(pem), MaxCertificates) is [.., { } root]
            ? new Envelope(EnvelopeKind.MarbleRunQuote, "MarbleRun quote", OpenEnclaveReport.TryRead(content) ?? content)
            {
                Certificate = root.Der,
            }
            : Unknown("a coordinator's answer without a certificate");
    }

    private static string? FindText(JsonElement owner, string member) =>
        owner.EnumerateObject().FirstOrDefault(each => each.Name.Equals(member, StringComparison.OrdinalIgnoreCase)).Value is
        { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    private static bool IsQuote(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 28 && bytes[0] is >= 2 and <= 8 && bytes[1] == 0 && bytes.Slice(12, 16).SequenceEqual(QuoteVendor);

    private static string DescribeBinary(ReadOnlySpan<byte> bytes) => bytes.Length switch
    {
        0 => "empty",
        432 => "as long as an SGX report, which only the same machine can verify; ask the enclave for a quote",
        1808 => "as long as a SIGSTRUCT, which signs an enclave and says nothing about a platform",
        _ when FindFormat(bytes) is { } format => format,
        _ when OpenEnclaveReport.IsLocal(bytes) => "a local Open Enclave report, which only the same machine can verify",
        _ when SnpReport.BeginsLike(bytes) => $"like a report of SEV-SNP, but it has {bytes.Length} bytes, not {SnpReport.Size}",
        _ when bytes.Length >= 28 && bytes[1] == 0 && bytes[0] is >= 1 and <= 8 => "like a quote whose QE vendor id is not Intel's",
        _ when bytes[0] == 0x30 => "DER, but no certificate",
        _ => "in no form that Guardian knows",
    };

    // Files that people take for evidence, by their first bytes.
    private static string? FindFormat(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0x1F, 0x8B, ..] => "a file in gzip: unpack it (gunzip)",
        [(byte)'P', (byte)'K', 3, 4, ..] => "a ZIP archive: unpack it",
        [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] => "a text in UTF-16: save it as UTF-8",
        [0x7F, (byte)'E', (byte)'L', (byte)'F', ..] => "a program (ELF), which 'guardian enclave show' reads if it is a signed enclave",
        // Tags of CBOR: 18 COSE_Sign1 (RFC 9052), 61 CWT (RFC 8392), 501 CoRIM (draft-ietf-rats-corim).
        [0xD2, 0x84, ..] or [0xD8, 0x3D, ..] => "a token in CBOR (COSE, CWT), and Guardian reads tokens as JWT",
        [0xD9, 0x01, 0xF5, ..] => "reference values (CoRIM), which belong into a policy",
        _ => null,
    };

    private static string DescribeJson(JsonElement root) => root switch
    {
        { ValueKind: not JsonValueKind.Object } => "a JSON text that is no object",
        _ when root.TryGetProperty("keys", out _) => "a set of keys (JWKS), which verifies a token: verify --keys FILE TOKEN",
        _ when root.TryGetProperty("tcbInfo", out _) || root.TryGetProperty("enclaveIdentity", out _)
            || root.TryGetProperty("tcb_info", out _) => "Intel's collateral, which belongs to a quote: verify --collateral PATH",
        _ when root.TryGetProperty("payload", out _)
            && (root.TryGetProperty("signature", out _) || root.TryGetProperty("signatures", out _)) =>
            "a signed statement (JWS in JSON), which is no evidence; a token has the compact form",
        _ => "a JSON text without evidence",
    };

    private static Refusal Unknown(string found) => QuoteReasons.NoEnvelope.At(QuoteStage.Parse, $"the input is {found}");
}
