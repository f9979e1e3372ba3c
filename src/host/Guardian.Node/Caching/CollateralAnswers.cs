using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Verification;
using Guardian.Node.Metrics;

namespace Guardian.Node.Caching;

/// <summary>Answers requests of PCCS clients from what is kept, and asks nobody. Thread-safe.</summary>
/// <param name="content">The kept collateral.</param>
/// <param name="certificates">The PCK certificates of hosts.</param>
/// <param name="time">The clock.</param>
internal sealed class CollateralAnswers(CacheContent content, PckStore certificates, TimeProvider time)
{
    // PCCS: PCCS_STATUS_PLATFORM_UNKNOWN and PCCS_STATUS_CERTS_UNAVAILABLE, which Intel's client knows.
    private const int PlatformUnknown = 461;
    private const int CertificateUnavailable = 462;
    private const int NotFound = 404;

    private const string Json = "application/json";
    private const string Pem = "application/x-pem-file";
    private const string Crl = "application/pkix-crl";

    // Certificates in the order of a TCB info; a few per host.
    private const int MaxOrdered = 4096;
    private readonly Lock gate = new();
    private readonly Dictionary<string, (PckCertificateSet Set, QuoteCollateral? Collateral, PckCertificateSet Ordered)> ordered = [];

    /// <summary>Answers a request.</summary>
    /// <param name="path">The path.</param>
    /// <param name="query">The query.</param>
    public HttpAnswer Answer(string path, string query)
    {
        var (request, status) = CacheRequest.Read(path, query);
        if (request is null)
        {
            return HttpAnswer.OfText(status, status == NotFound ? "there is no such path" : "a parameter is missing or malformed");
        }
        if (request.Pck is { } pck)
        {
            return AnswerPck(pck);
        }
        return content.Find(request, time.GetUtcNow()) is { } found
            ? Answer(request, found)
            : HttpAnswer.OfText(NotFound, "nothing is kept for this request");
    }

    private static HttpAnswer Answer(CacheRequest request, QuoteCollateral found) => request.Document switch
    {
        CacheDocument.TcbInfo => new HttpAnswer(
            200, Json, found.TcbInfo,
            [Chain(request.Version == 3 ? "SGX-TCB-Info-Issuer-Chain" : "TCB-Info-Issuer-Chain", found.TcbInfoIssuerChain)]),
        CacheDocument.QeIdentity => new HttpAnswer(
            200, Json, found.QeIdentity,
            [Chain("SGX-Enclave-Identity-Issuer-Chain",
                found.QeIdentityIssuerChain.IsEmpty ? found.TcbInfoIssuerChain : found.QeIdentityIssuerChain)]),
        CacheDocument.QveIdentity => new HttpAnswer(
            200, Json, found.QveIdentity, [Chain("SGX-Enclave-Identity-Issuer-Chain", found.QveIdentityIssuerChain)]),
        CacheDocument.PckList => new HttpAnswer(
            200, request.Encoding == ListEncoding.Der ? Crl : Pem, Encode(found.PckCrl, request.Encoding),
            [Chain("SGX-PCK-CRL-Issuer-Chain", found.PckCrlIssuerChain)]),
        _ => new HttpAnswer(200, request.Encoding == ListEncoding.Der ? Crl : Pem, Encode(found.RootCaCrl, request.Encoding), []),
    };

    private HttpAnswer AnswerPck(PckRequest request)
    {
        if (certificates.Find(request.Host) is not { } set)
        {
            return HttpAnswer.OfText(PlatformUnknown, "no PCK certificates are kept for this platform");
        }
        if (Order(request.Host, set).Select(request.CpuSvn.Span, request.PceSvn, time.GetUtcNow()) is not { } found)
        {
            return HttpAnswer.OfText(CertificateUnavailable, "no PCK certificate is kept for these security versions");
        }
        return new HttpAnswer(
            200, Pem, Encoding.ASCII.GetBytes(found.Pem),
            [
                Chain("SGX-PCK-Certificate-Issuer-Chain", Encoding.ASCII.GetBytes(set.IssuerChain)),
                ("SGX-TCBm", found.TcbLevel), ("SGX-FMSPC", Convert.ToHexString(set.Fmspc.Span)),
                ("SGX-PCK-Certificate-CA-Type", set.Authority),
            ]);
    }

    // Without TCB info the order of the file counts, in which Intel's service puts the newest level first.
    private PckCertificateSet Order(string host, PckCertificateSet set)
    {
        var collateral = content.FindStandard(set.Platform);
        lock (gate)
        {
            if (ordered.TryGetValue(host, out var known) && ReferenceEquals(known.Set, set)
                && ReferenceEquals(known.Collateral, collateral))
            {
                return known.Ordered;
            }
            if (ordered.Count >= MaxOrdered)
            {
                ordered.Clear();
            }
            var result = collateral is null ? set : set.Order(collateral).Value ?? set;
            ordered[host] = (set, collateral, result);
            return result;
        }
    }

    private static ReadOnlyMemory<byte> Encode(ReadOnlyMemory<byte> list, ListEncoding encoding)
    {
        var der = CollateralFiles.DecodeList(list);
        return encoding switch
        {
            ListEncoding.Der => der,
            ListEncoding.Pem => Encoding.ASCII.GetBytes(PemEncoding.WriteString("X509 CRL", der.Span) + "\n"),
            _ => Encoding.ASCII.GetBytes(Convert.ToHexStringLower(der.Span)),
        };
    }

    private static (string, string) Chain(string name, ReadOnlyMemory<byte> pem) =>
        (name, Uri.EscapeDataString(Encoding.ASCII.GetString(pem.Span.TrimEnd((byte)0))));

}
