using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Shards;

namespace Guardian.Enclave;

/// <summary>Calls a shard over RA-TLS. Each enclave verifies that the contract names the other, and that the other runs this very contract.
/// Thread-safe.</summary>
internal sealed class HttpShard : IShard, IDisposable
{
    // A handshake creates and verifies quotes, on machines that may be busy.
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(20);

    private readonly HttpClient http;
    private readonly Uri address;

    public HttpShard(Uri address, RoomContract contract, X509Certificate2 certificate, EvidenceVerifier verifier, TimeProvider time)
    {
        this.address = address;
        var expected = ExpectedEvidence.Exactly(EvidenceContext.RoomShard(contract.Hash));
        var handler = RaTlsTransport.CreateHandler(contract.Enclave, expected, certificate, time, verifier: verifier);
        handler.ConnectTimeout = ConnectPatience;
        http = new HttpClient(handler, disposeHandler: true) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
    }

    public string Name => address.ToString();

    public byte[] Run(byte[] request, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, ShardEndpoints.Path) { Content = new ByteArrayContent(request) };
            using var response = http.Send(message, limit.Token);
            response.EnsureSuccessStatusCode();
            using var body = new MemoryStream();
            response.Content.ReadAsStream().CopyTo(body);
            return body.ToArray();
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            throw new IOException($"the shard at {address} does not answer: {failure.Message}", failure);
        }
    }

    public void Dispose() => http.Dispose();
}
