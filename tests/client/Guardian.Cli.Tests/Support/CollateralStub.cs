using System.IO.Compression;
using System.Net;
using System.Text;
using Guardian.Attestation.Collateral;

namespace Guardian.Cli.Tests.Support;

/// <summary>A provisioning certification service that gives recorded documents: as Intel's own, or as a caching one.</summary>
internal sealed class CollateralStub : IDisposable
{
    private readonly LoopbackServer server;
    private readonly QuoteCollateral collateral;
    private readonly bool isCaching;

    public CollateralStub(QuoteCollateral collateral, bool isCaching)
    {
        (this.collateral, this.isCaching) = (collateral, isCaching);
        server = new LoopbackServer(AnswerAsync);
    }

    public string Address => server.Address;

    /// <summary>The requests so far.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Answers everything with a failure.</summary>
    public bool IsDown { get; set; }

    public void Dispose() => server.Dispose();

    private Task AnswerAsync(HttpListenerContext context)
    {
        Requests.Add(context.Request.Url!.PathAndQuery);
        var chainOfTcb = isCaching ? "SGX-TCB-Info-Issuer-Chain" : "TCB-Info-Issuer-Chain";
        var (body, header, chain) = context.Request.Url.AbsolutePath switch
        {
            "/sgx/certification/v4/tcb" or "/tdx/certification/v4/tcb" => (collateral.TcbInfo, chainOfTcb, collateral.TcbInfoIssuerChain),
            "/sgx/certification/v4/qe/identity" or "/tdx/certification/v4/qe/identity" =>
                (collateral.QeIdentity, "SGX-Enclave-Identity-Issuer-Chain", collateral.QeIdentityIssuerChain),
            "/sgx/certification/v4/pckcrl" => (List(collateral.PckCrl), "SGX-PCK-CRL-Issuer-Chain", collateral.PckCrlIssuerChain),
            "/sgx/certification/v4/rootcacrl" when isCaching => (List(collateral.RootCaCrl), "", default),
            "/IntelSGXRootCA.der" => (collateral.RootCaCrl, "", default),
            _ => (default(ReadOnlyMemory<byte>), "", default(ReadOnlyMemory<byte>)),
        };
        var response = context.Response;
        response.StatusCode = IsDown ? 503 : body.IsEmpty ? 404 : 200;
        if (response.StatusCode == 200)
        {
            if (header.Length > 0)
            {
                response.Headers[header] = Uri.EscapeDataString(Encoding.ASCII.GetString(chain.Span));
            }
            // Intel's service compresses when the client accepts it.
            if (!isCaching && context.Request.Headers["Accept-Encoding"]?.Contains("gzip", StringComparison.Ordinal) == true)
            {
                response.Headers["Content-Encoding"] = "gzip";
                using var gzip = new GZipStream(response.OutputStream, CompressionLevel.Fastest);
                gzip.Write(body.Span);
            }
            else
            {
                response.OutputStream.Write(body.Span);
            }
        }
        return Task.CompletedTask;
    }

    // Caching services give lists in hex.
    private ReadOnlyMemory<byte> List(ReadOnlyMemory<byte> der) => isCaching ? Encoding.ASCII.GetBytes(Convert.ToHexString(der.Span)) : der;
}
