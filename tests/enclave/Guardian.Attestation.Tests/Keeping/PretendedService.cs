using System.Net;
using System.Text;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Tests.Synthetic;

namespace Guardian.Attestation.Tests.Keeping;

/// <summary>A provisioning certification service inside the test.</summary>
internal sealed class PretendedService : HttpMessageHandler
{
    public PretendedService(string name = "service") =>
        Service = new CollateralService(
            new HttpClient(this) { BaseAddress = new Uri($"https://{name}.example/") }, includesQve: name == WithQve);

    /// <summary>The name of a service that is asked for the QvE identity too.</summary>
    public const string WithQve = "qve";

    public CollateralService Service { get; }

    /// <summary>The collateral that it gives; null answers 404.</summary>
    public QuoteCollateral? Collateral { get; set; }

    /// <summary>Answers everything with this failure.</summary>
    public HttpStatusCode? Failure { get; set; }

    /// <summary>The Retry-After of failures.</summary>
    public string? RetryAfter { get; set; }

    public List<string> Requests { get; } = [];

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests.Add(request.RequestUri!.PathAndQuery);
        var answer = new HttpResponseMessage(Failure ?? (Collateral is null ? HttpStatusCode.NotFound : HttpStatusCode.OK))
        {
            RequestMessage = request,
        };
        if (RetryAfter is not null)
        {
            answer.Headers.TryAddWithoutValidation("Retry-After", RetryAfter);
        }
        if (answer.IsSuccessStatusCode)
        {
            var (body, header, chain) = Find(request.RequestUri.AbsolutePath);
            if (body.IsEmpty && request.RequestUri.AbsolutePath.Contains("/qve/", StringComparison.Ordinal))
            {
                answer.StatusCode = HttpStatusCode.NotFound;
            }
            answer.Content = new ByteArrayContent(body.ToArray());
            if (header.Length > 0)
            {
                answer.Headers.Add(header, Uri.EscapeDataString(Encoding.ASCII.GetString(chain.Span)));
            }
        }
        return Task.FromResult(answer);
    }

    private (ReadOnlyMemory<byte> Body, string Header, ReadOnlyMemory<byte> Chain) Find(string path) => path.Split('/')[^1] switch
    {
        "tcb" => (Collateral!.TcbInfo, "TCB-Info-Issuer-Chain", Collateral.TcbInfoIssuerChain),
        "identity" when path.Contains("/qve/", StringComparison.Ordinal) =>
            (Collateral!.QveIdentity, "SGX-Enclave-Identity-Issuer-Chain", Collateral.QveIdentityIssuerChain),
        "identity" => (Collateral!.QeIdentity, "SGX-Enclave-Identity-Issuer-Chain", Collateral.QeIdentityIssuerChain),
        "pckcrl" => (Collateral!.PckCrl, "SGX-PCK-CRL-Issuer-Chain", Collateral.PckCrlIssuerChain),
        _ => (Collateral!.RootCaCrl, "", default),
    };
}

/// <summary>A clock that stands still until a test sets it.</summary>
internal sealed class SetTime : TimeProvider
{
    public DateTimeOffset Now { get; set; } = SyntheticPlatform.At;

    public override DateTimeOffset GetUtcNow() => Now;
}
