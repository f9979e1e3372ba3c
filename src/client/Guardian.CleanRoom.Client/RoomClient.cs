using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client;

/// <summary>
/// A member's connection to a room. Before a byte is sent, the handshake verifies that the peer is an enclave the contract
/// names and that it runs this very contract. Thread-safe.
/// </summary>
public sealed class RoomClient : IDisposable
{
    // A signed answer of a crosstab of 1,000 cells takes some 100 KiB; the log of a busy room a few MiB.
    private const int MaxResponseSize = 64 * 1024 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    // The enclave sorts or merges what may be a hundred million rows.
    private static readonly TimeSpan CommitPatience = TimeSpan.FromMinutes(60);

    private readonly HttpClient http;

    /// <param name="address">The room's address, <c>https://host:port</c>.</param>
    /// <param name="contract">The contract, verified to be signed by all members.</param>
    /// <param name="clientCertificate">Certificate of the member's key.</param>
    /// <param name="time">The clock for evidence and certificates.</param>
    /// <param name="verifier">Verifies the evidence of the room.</param>
    /// <param name="onVerified">Receives what each handshake verified, or null.</param>
    public RoomClient(
        Uri address, RoomContract contract, X509Certificate2 clientCertificate, TimeProvider time, EvidenceVerifier verifier,
        Action<RaTlsPeer, Appraisal>? onVerified = null)
    {
        ArgumentNullException.ThrowIfNull(contract);
        var handler = RaTlsTransport.CreateHandler(contract.Enclave, contract.Hash, clientCertificate, time, verifier, onVerified);
        http = new HttpClient(handler, disposeHandler: true) { BaseAddress = address, MaxResponseContentBufferSize = MaxResponseSize, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>What the member sees of the room.</summary>
    public Task<RoomDescription> DescribeAsync(CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, "v1/room", null, RoomJson.Default.RoomDescription, cancellation);

    /// <summary>The keys for preparing a data set; for its owner alone.</summary>
    public Task<DataSetKeys> ReadKeysAsync(string dataSet, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, $"v1/datasets/{dataSet}/keys", null, RoomJson.Default.DataSetKeys, cancellation);

    /// <summary>Announces a version and learns where to go on.</summary>
    public Task<UploadState> BeginUploadAsync(string dataSet, UploadRequest request, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Post, $"v1/datasets/{dataSet}/uploads", Json(request, RoomJson.Default.UploadRequest), RoomJson.Default.UploadState, cancellation);

    /// <summary>Stores one encrypted chunk; when this returns, the chunk survives a crash of the room.</summary>
    public Task<UploadState> PutChunkAsync(string dataSet, string digest, int index, ReadOnlyMemory<byte> chunk, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Put, $"v1/datasets/{dataSet}/uploads/{digest}/chunks/{index}", new ReadOnlyMemoryContent(chunk), RoomJson.Default.UploadState, cancellation);

    /// <summary>Makes a complete upload the data set's current version.</summary>
    /// <returns>The receipt: a statement signed inside the enclave.</returns>
    public Task<byte[]> CommitAsync(string dataSet, string digest, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Post, $"v1/datasets/{dataSet}/uploads/{digest}/commit", null, cancellation, CommitPatience);

    /// <summary>Asks a question.</summary>
    /// <returns>The answer: a statement signed inside the enclave.</returns>
    /// <exception cref="RoomException">The rules or the contract do not allow an answer.</exception>
    public Task<byte[]> AskAsync(Question question, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Post, "v1/questions", Json(question, QuestionJson.Default.Question), cancellation);

    /// <summary>Deletes a data set.</summary>
    /// <returns>The receipt: a statement signed inside the enclave.</returns>
    public Task<byte[]> DeleteAsync(string dataSet, CancellationToken cancellation = default) => SendAsync(HttpMethod.Delete, $"v1/datasets/{dataSet}", null, cancellation);

    /// <summary>What answers cost and what is left.</summary>
    public Task<BudgetDescription> ReadBudgetAsync(CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, "v1/budget", null, RoomJson.Default.BudgetDescription, cancellation);

    /// <summary>The questions that were let in.</summary>
    public Task<AnswerList> ListAnswersAsync(CancellationToken cancellation = default) => SendAsync(HttpMethod.Get, "v1/answers", null, QuestionJson.Default.AnswerList, cancellation);

    /// <summary>An answer that was given before.</summary>
    /// <param name="asked">Sequence of the question's entry in the log.</param>
    /// <returns>The answer: a statement signed inside the enclave.</returns>
    public Task<byte[]> ReadAnswerAsync(long asked, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"v1/answers/{asked}"), null, cancellation);

    /// <summary>The room's log from its first entry on. The caller verifies the chain.</summary>
    public Task<LogPage> ReadLogAsync(CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, "v1/log", null, RoomJson.Default.LogPage, cancellation);

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private static ByteArrayContent Json<T>(T value, JsonTypeInfo<T> type)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(value, type));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private async Task<T> SendAsync<T>(HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        var body = await SendAsync(method, path, content, cancellation).ConfigureAwait(false);
        try
        {
            return JsonSerializer.Deserialize(body, type) ?? throw new JsonException("null");
        }
        catch (JsonException failure)
        {
            throw new RoomException(RoomFailure.Unreachable, "bad-response", $"the room's answer to {path} is not what this release expects", failure);
        }
    }

    private async Task<byte[]> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellation, TimeSpan? patience = null)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = content };
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(patience ?? Patience);
            using var response = await http.SendAsync(request, limit.Token).ConfigureAwait(false);
            var body = await response.Content.ReadAsByteArrayAsync(limit.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? body : throw Refusal(response.StatusCode, body);
        }
        catch (HttpRequestException failure) when (failure.InnerException is RefusedException refused)
        {
            throw new RoomException(RoomFailure.NotTrusted, "not-trusted", refused.Message, refused);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException
            || (failure is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new RoomException(RoomFailure.Unreachable, "unreachable", $"the room at {http.BaseAddress} does not answer: {failure.Message}", failure);
        }
    }

    private static RoomException Refusal(HttpStatusCode status, byte[] body)
    {
        try
        {
            if (JsonSerializer.Deserialize(body, RoomJson.Default.RoomProblem) is { } problem)
            {
                return new RoomException(status == HttpStatusCode.ServiceUnavailable ? RoomFailure.Unreachable : RoomFailure.Refused, problem.Title, problem.Detail);
            }
        }
        catch (JsonException)
        {
            // Not one of ours: the status is all there is to tell.
        }
        return new RoomException(RoomFailure.Refused, "http-status", $"the room answered with HTTP status {(int)status}");
    }
}
