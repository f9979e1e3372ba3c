using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client.Reasons;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Room;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client;

/// <summary>
/// A member's connection to a room. Before it sends a byte, the handshake verifies that the peer is an enclave which the contract names
/// and that it runs this very contract. Thread-safe.
/// </summary>
/// <remarks>
/// Every call throws <see cref="RefusedException"/>: with the room's own reason when the room refuses, or with
/// <see cref="RoomClientReasons.NotTrusted"/>, <see cref="RoomClientReasons.Unreachable"/>,
/// <see cref="RoomClientReasons.BadResponse"/> or <see cref="RoomClientReasons.HttpStatus"/>. A cancelled call throws
/// <see cref="OperationCanceledException"/>. Calls wait at most 100 seconds for an answer.
/// </remarks>
public sealed class RoomClient : IDisposable
{
    // A signed answer of a crosstab of 1,000 cells takes some 100 KiB; the log of a busy room a few MiB.
    private const int MaxResponseSize = 64 * 1024 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    // The enclave may have to sort or merge a hundred million rows.
    private static readonly TimeSpan CommitPatience = TimeSpan.FromMinutes(60);

    private readonly HttpClient http;
    private readonly TimeProvider time;

    /// <summary>Prepares a connection; the first call opens it.</summary>
    /// <param name="address">The room's address, <c>https://host:port</c>.</param>
    /// <param name="contract">The contract. The caller has verified that all members signed it.</param>
    /// <param name="clientCertificate">Certificate of the member's key, with its private key.</param>
    /// <param name="time">The clock against which evidence must be valid.</param>
    /// <param name="verifier">Verifies the room's evidence.</param>
    /// <param name="onVerified">Receives the result of each handshake's verification; null for nobody.</param>
    public RoomClient(
        Uri address, RoomContract contract, X509Certificate2 clientCertificate, TimeProvider time, EvidenceVerifier verifier,
        Action<RaTlsPeer, Appraisal>? onVerified = null)
    {
        ArgumentNullException.ThrowIfNull(contract);
        this.time = time;
        var expected = ExpectedEvidence.Exactly(EvidenceContext.RoomLead(contract.Hash));
        var handler = RaTlsTransport.CreateHandler(contract.Enclave, expected, clientCertificate, time, verifier, onVerified);
        http = new HttpClient(handler, disposeHandler: true)
        {
            BaseAddress = address,
            MaxResponseContentBufferSize = MaxResponseSize,
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Reads the member's view of the room.</summary>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>The description.</returns>
    public Task<RoomDescription> DescribeAsync(CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, "v1/room", null, RoomJson.Default.RoomDescription, cancellation);

    /// <summary>Reads the text of the session that gives the room its key. The caller compares its hash with the contract's.</summary>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>YAML, UTF-8.</returns>
    public Task<byte[]> ReadSessionAsync(CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, "v1/session", null, cancellation);

    /// <summary>Reads the keys that prepare a data set. Only its owner may.</summary>
    /// <param name="dataSet">The data set's name.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>The keys.</returns>
    public Task<DataSetKeys> ReadKeysAsync(string dataSet, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, $"v1/datasets/{dataSet}/keys", null, RoomJson.Default.DataSetKeys, cancellation);

    /// <summary>Asks a question.</summary>
    /// <param name="question">The question.</param>
    /// <param name="cancellation">Stops the call; the room may have answered and logged the question.</param>
    /// <returns>The answer: a statement signed inside the enclave. Its result may be withheld.</returns>
    public Task<byte[]> AskAsync(Question question, CancellationToken cancellation = default) =>
        SendAsync(
            HttpMethod.Post, "v1/questions", ToJson(JsonSerializer.SerializeToUtf8Bytes(question, QuestionJson.Default.Question)),
            cancellation);

    /// <summary>Deletes a data set. Only its owner may.</summary>
    /// <param name="dataSet">The data set's name.</param>
    /// <param name="cancellation">Stops the call; the room may have deleted the data set.</param>
    /// <returns>The receipt: a statement signed inside the enclave.</returns>
    public Task<byte[]> DeleteAsync(string dataSet, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Delete, $"v1/datasets/{dataSet}", null, cancellation);

    /// <summary>Reads the price of an answer and the budget that is left.</summary>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>The budget.</returns>
    public Task<BudgetDescription> ReadBudgetAsync(CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, "v1/budget", null, RoomJson.Default.BudgetDescription, cancellation);

    /// <summary>Lists the questions that the room admitted.</summary>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>The list.</returns>
    public Task<AnswerList> ListAnswersAsync(CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, "v1/answers", null, QuestionJson.Default.AnswerList, cancellation);

    /// <summary>Reads an earlier answer again.</summary>
    /// <param name="asked">Sequence number of the question's entry in the log.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>The answer: a statement signed inside the enclave.</returns>
    public Task<byte[]> ReadAnswerAsync(long asked, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"v1/answers/{asked}"), null, cancellation);

    /// <summary>Reads the room's log from its first entry on. The caller verifies the chain.</summary>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>The entries.</returns>
    public Task<LogPage> ReadLogAsync(CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, "v1/log", null, RoomJson.Default.LogPage, cancellation);

    /// <summary>Asks the room to hand itself over to a contract that succeeds its own.</summary>
    /// <param name="contract">The exact bytes of that contract.</param>
    /// <param name="signatures">Its signatures and the votes of the members before, by member name.</param>
    /// <param name="cancellation">Stops the call; the room may have handed itself over. Asking again returns a hand-over again.</param>
    /// <returns>The hand-over: a statement signed inside the enclave.</returns>
    public Task<byte[]> HandOverAsync(
        byte[] contract, IReadOnlyDictionary<string, string> signatures, CancellationToken cancellation = default) =>
        SendAsync(
            HttpMethod.Post, "v1/succession",
            ToJson(JsonSerializer.SerializeToUtf8Bytes(
                new SuccessorRequest(contract, signatures), RoomJson.Default.SuccessorRequest)),
            cancellation);

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    /// <summary>Announces a version and learns the next chunk to send.</summary>
    internal Task<UploadState> BeginUploadAsync(string dataSet, UploadRequest request, CancellationToken cancellation) => SendAsync(
        HttpMethod.Post, $"v1/datasets/{dataSet}/uploads",
        ToJson(PaddedJson.Write(request, request.ToWidest(), RoomJson.Default.UploadRequest)), RoomJson.Default.UploadState, cancellation);

    /// <summary>Stores one encrypted chunk. When this returns, the chunk survives a crash of the room.</summary>
    internal Task<UploadState> PutChunkAsync(
        string dataSet, string digest, int index, ReadOnlyMemory<byte> chunk, CancellationToken cancellation) => SendAsync(
        HttpMethod.Put, $"v1/datasets/{dataSet}/uploads/{digest}/chunks/{index}", new ReadOnlyMemoryContent(chunk),
        RoomJson.Default.UploadState, cancellation);

    /// <summary>Makes a complete upload the data set's current version, and returns the signed receipt.</summary>
    internal Task<byte[]> CommitAsync(string dataSet, string digest, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Post, $"v1/datasets/{dataSet}/uploads/{digest}/commit", null, cancellation, CommitPatience);

    private static ByteArrayContent ToJson(byte[] json)
    {
        var content = new ByteArrayContent(json);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private async Task<T> SendAsync<T>(
        HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        var body = await SendAsync(method, path, content, cancellation).ConfigureAwait(false);
        try
        {
            return JsonSerializer.Deserialize(body, type) ?? throw new JsonException("null");
        }
        catch (JsonException failure)
        {
            throw new RefusedException(
                RoomClientReasons.BadResponse.Because($"the room's answer to {path} is not what this release expects"), failure);
        }
    }

    private async Task<byte[]> SendAsync(
        HttpMethod method, string path, HttpContent? content, CancellationToken cancellation, TimeSpan? patience = null)
    {
        var longest = patience ?? Patience;
        using var late = new CancellationTokenSource(longest, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = content };
            using var response = await http.SendAsync(request, limit.Token).ConfigureAwait(false);
            var body = await response.Content.ReadAsByteArrayAsync(limit.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? body : throw new RefusedException(ReadRefusal(response.StatusCode, body));
        }
        catch (HttpRequestException failure) when (failure.InnerException is RefusedException refused)
        {
            throw new RefusedException(ExplainDistrust(refused), refused);
        }
        catch (OperationCanceledException failure) when (!cancellation.IsCancellationRequested)
        {
            throw new RefusedException(
                RoomClientReasons.Unreachable.Because(
                    $"the room at {http.BaseAddress} gave no answer within {longest.TotalSeconds:0} seconds; it may be at an upload or "
                    + "another question: try again later, because it charges a question once"),
                failure);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            throw new RefusedException(
                RoomClientReasons.Unreachable.Because($"the room at {http.BaseAddress} does not answer: {failure.Message}"), failure);
        }
    }

    private static Refusal ExplainDistrust(RefusedException refused)
    {
        var refusal = RoomClientReasons.NotTrusted.Because(refused.Message) with { Problems = refused.Refusal.Problems };
        return refused.Refusal.Problems.Any(problem => problem.StartsWith("platform:", StringComparison.Ordinal))
            ? refusal with { Remedy = "a simulated platform protects nothing; a contract accepts it only with 'platforms: [simulated]'" }
            : refusal;
    }

    internal static Refusal ReadRefusal(HttpStatusCode status, byte[] body)
    {
        try
        {
            if (JsonSerializer.Deserialize(body, RoomJson.Default.RoomProblem) is { } problem)
            {
                return new RefusalReason(problem.Title, KindOf(status), "A reason of the room.").Because(problem.Detail);
            }
        }
        catch (JsonException)
        {
            // Another program answered in the room's place, for example a proxy: only the status is known.
        }
        return RoomClientReasons.HttpStatus.Because($"the room answered with HTTP status {(int)status}");
    }

    // The reverse of the table in the room's HTTP interface.
    private static RefusalKind KindOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.BadRequest => RefusalKind.Invalid,
        HttpStatusCode.Forbidden => RefusalKind.Forbidden,
        HttpStatusCode.NotFound => RefusalKind.NotFound,
        HttpStatusCode.UnprocessableEntity => RefusalKind.Withheld,
        HttpStatusCode.InternalServerError => RefusalKind.Damaged,
        HttpStatusCode.ServiceUnavailable => RefusalKind.Unavailable,
        _ => RefusalKind.Conflict,
    };
}
