using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching.Shards;

namespace Guardian.Enclave;

/// <summary>A shard over RA-TLS: either enclave verifies that the other is one the contract names and runs this very contract. Thread-safe.</summary>
internal sealed class HttpShard : IShard, IDisposable
{
    // A shard that computes longer has lost its machine; the range is computed elsewhere.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    // A handshake makes and verifies quotes, on machines that have other work.
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(20);

    private readonly HttpClient http;
    private readonly Uri address;

    public HttpShard(Uri address, RoomContract contract, X509Certificate2 certificate, EvidenceVerifier verifier, TimeProvider time)
    {
        this.address = address;
        var handler = RaTlsTransport.CreateHandler(contract.Enclave, contract.Hash, certificate, time, verifier: verifier);
        handler.ConnectTimeout = ConnectPatience;
        http = new HttpClient(handler, disposeHandler: true) { BaseAddress = address, Timeout = Patience };
    }

    public string Name => address.ToString();

    public byte[] Run(byte[] request)
    {
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, ShardEndpoints.Path) { Content = new ByteArrayContent(request) };
            using var response = http.Send(message);
            response.EnsureSuccessStatusCode();
            using var body = new MemoryStream();
            response.Content.ReadAsStream().CopyTo(body);
            return body.ToArray();
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            throw new IOException($"the shard at {address} does not answer: {failure.Message}", failure);
        }
    }

    public void Dispose() => http.Dispose();
}
