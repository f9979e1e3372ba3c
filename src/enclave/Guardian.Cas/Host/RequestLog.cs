using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using Guardian.Cas.Client.Protocol;
using Microsoft.AspNetCore.Http;

namespace Guardian.Cas.Host;

/// <summary>The requests that are logged.</summary>
internal enum RequestLogScope
{
    /// <summary>None.</summary>
    Off,

    /// <summary>Those that the CAS refused or could not answer.</summary>
    Denials,

    /// <summary>All.</summary>
    All,
}

/// <summary>A logged request.</summary>
/// <param name="Time">When the answer was ready; RFC 3339.</param>
/// <param name="Request">The number of the request, which the caller has in the header <c>Guardian-Request-Id</c>.</param>
/// <param name="Caller">SHA-256 of the caller's key; null when it showed no certificate.</param>
/// <param name="Address">The caller's address, as the CAS sees it.</param>
/// <param name="Call">Method and route; <c>none</c> when there is no such call.</param>
/// <param name="Path">The path that was asked for, cut off after 256 characters; it has no values.</param>
/// <param name="Status">The HTTP status of the answer.</param>
/// <param name="Reason">Why the CAS refused, a stable word; null when it did not.</param>
/// <param name="Milliseconds">The time from the request's headers to the answer.</param>
internal sealed record RequestLogLine(
    string Time, string Request, string? Caller, string? Address, string Call, string Path, int Status, string? Reason,
    double Milliseconds);

/// <summary>
/// Logs requests as lines of JSON: who, what, with what result, and no value. A slow reader of the log delays no caller: when it is 1,000
/// lines behind, lines are dropped and counted. Thread-safe.
/// </summary>
internal sealed class RequestLog : IAsyncDisposable
{
    private const int MaxPath = 256;
    private const int MaxWaiting = 1_000;
    private const string Header = "Guardian-Request-Id";
    private static readonly object ReasonKey = new();

    private readonly RequestLogScope scope;
    private readonly TimeProvider time;
    private readonly Channel<RequestLogLine> lines = Channel.CreateBounded<RequestLogLine>(MaxWaiting);
    private readonly Task writing;
    private long dropped;

    /// <param name="write">Writes a line.</param>
    public RequestLog(RequestLogScope scope, TimeProvider time, Action<string> write)
    {
        (this.scope, this.time) = (scope, time);
        writing = Task.Run(async () =>
        {
            await foreach (var line in lines.Reader.ReadAllAsync().ConfigureAwait(false))
            {
                write(JsonSerializer.Serialize(line, RequestLogJson.Default.RequestLogLine));
            }
        });
    }

    /// <summary>The lines that were dropped because the reader is slow.</summary>
    public long Dropped => Interlocked.Read(ref dropped);

    /// <summary>Gives a request its number, and tells the caller.</summary>
    /// <returns>The number: 16 random hex digits.</returns>
    public static string Begin(HttpContext context)
    {
        var number = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        context.Response.Headers[Header] = number;
        return number;
    }

    /// <summary>Notes why a request is refused.</summary>
    public static void NoteReason(HttpContext context, string code) => context.Items[ReasonKey] = code;

    /// <summary>Logs a request that was answered.</summary>
    public void End(HttpContext context, string request, string call, int status, TimeSpan duration)
    {
        if (scope == RequestLogScope.Off || (scope == RequestLogScope.Denials && status < StatusCodes.Status400BadRequest))
        {
            return;
        }
        var path = context.Request.Path.Value ?? "";
        var line = new RequestLogLine(
            $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ}", request,
            context.Connection.ClientCertificate is { } certificate ? KeyHash.Of(certificate.PublicKey.ExportSubjectPublicKeyInfo()) : null,
            context.Connection.RemoteIpAddress?.ToString(), call, path.Length <= MaxPath ? path : path[..MaxPath], status,
            context.Items.TryGetValue(ReasonKey, out var reason) ? (string?)reason : null, Math.Round(duration.TotalMilliseconds, 3));
        if (!lines.Writer.TryWrite(line))
        {
            Interlocked.Increment(ref dropped);
        }
    }

    /// <summary>Writes the lines that wait.</summary>
    public async ValueTask DisposeAsync()
    {
        lines.Writer.Complete();
        await writing.ConfigureAwait(false);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(RequestLogLine))]
internal sealed partial class RequestLogJson : JsonSerializerContext;
