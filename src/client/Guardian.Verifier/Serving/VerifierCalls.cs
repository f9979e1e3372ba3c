using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Keeping;
using Guardian.Attestation.Policy;
using Guardian.Hosting;
using Guardian.Refusals;
using Guardian.Verifier.Appraising;
using Guardian.Verifier.Freshness;
using Guardian.Verifier.Reasons;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Guardian.Verifier.Serving;

/// <summary>The calls of the service (docs/reference/verifier.md).</summary>
internal sealed class VerifierCalls(AppraisalSettings settings, NonceBook nonces, WorkBudget budget, VerifierMetrics metrics)
{
    // A body of half a mebibyte comes in less, or its sender holds a place.
    private static readonly TimeSpan BodyLimit = TimeSpan.FromSeconds(15);

    // Clients wait as long for an answer, or a little longer.
    private static readonly TimeSpan CollateralLimit = TimeSpan.FromSeconds(20);

    private readonly EvidenceAppraiser appraiser = new(settings, nonces);
    private readonly byte[] keys = TokenKeys.Write(settings.Key);
    private readonly ReadOnlyMemory<byte> policy = settings.Policy.CanonicalJson;

    /// <summary>Maps the calls.</summary>
    public void Map(WebApplication app)
    {
        app.Use(GuardAsync);
        app.MapGet("/.well-known/jwks.json", context => WriteAsync(context, StatusCodes.Status200OK, "application/jwk-set+json", keys));
        app.MapGet("/v1/policy", context => WriteAsync(context, StatusCodes.Status200OK, "application/json", policy));
        app.MapGet("/v1/health/live", WriteHealthAsync);
        app.MapGet("/v1/health/ready", WriteHealthAsync);
        app.MapGet("/metrics", context => WriteAsync(
            context, StatusCodes.Status200OK, "text/plain; version=0.0.4", Encoding.UTF8.GetBytes(metrics.Write())));
        app.MapPost("/v1/nonces", MakeNonceAsync);
        app.MapPost("/v1/appraisals", AppraiseAsync);
    }

    private async Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.Headers.CacheControl = "no-store";
        using var lease = budget.TakeRequest(context.Connection.RemoteIpAddress);
        if (lease.IsAcquired)
        {
            await next(context).ConfigureAwait(false);
        }
        else
        {
            await RefuseAsync(
                context, VerifierReasons.TooManyRequests.Because("this address sends more requests than the verifier takes from it"))
                .ConfigureAwait(false);
        }
        metrics.CountAnswer(NameOf(context), context.Response.StatusCode);
    }

    private static Task WriteHealthAsync(HttpContext context) =>
        WriteAsync(context, StatusCodes.Status200OK, new HealthAnswer("ok"), AnswerJson.Default.HealthAnswer);

    private Task MakeNonceAsync(HttpContext context)
    {
        var nonce = nonces.Make();
        return WriteAsync(
            context, StatusCodes.Status201Created, new NonceAnswer(nonce.Text, settings.Time.GetUtcNow() + NonceBook.Lifetime),
            AnswerJson.Default.NonceAnswer);
    }

    private async Task AppraiseAsync(HttpContext context)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        late.CancelAfter(BodyLimit);
        ReadOnlyMemory<byte>? body;
        try
        {
            body = await RequestBody.ReadAsync(context.Request, AppraisalRequest.MaxSize, late.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            throw new BadHttpRequestException("the body is late", StatusCodes.Status408RequestTimeout);
        }
        if (body is null)
        {
            context.Response.Headers.Connection = "close";
            await RefuseAsync(
                context, StatusCodes.Status413PayloadTooLarge,
                VerifierReasons.BadRequest.Because($"the body may have at most {AppraisalRequest.MaxSize} bytes")).ConfigureAwait(false);
            return;
        }
        var (token, refusal) = await AppraiseAsync(body.Value, context.RequestAborted).ConfigureAwait(false);
        if (token is null)
        {
            await RefuseAsync(context, refusal!).ConfigureAwait(false);
            return;
        }
        metrics.CountToken();
        await WriteAsync(context, StatusCodes.Status200OK, AttestationToken.MediaType, Encoding.ASCII.GetBytes(token))
            .ConfigureAwait(false);
    }

    private async Task<Outcome<string>> AppraiseAsync(ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        var (request, refusal) = AppraisalRequest.Read(body);
        if (request is null)
        {
            return refusal!;
        }
        var outcome = await VerifyAsync(request, cancellation).ConfigureAwait(false);
        if (settings.Keeper is not { } keeper || outcome.Refusal is null
            || EvidenceAppraiser.FindMissing(request, outcome.Refusal) is not { } platform)
        {
            return outcome;
        }
        return await FetchAsync(keeper, platform, cancellation).ConfigureAwait(false)
            ? await VerifyAsync(request, cancellation).ConfigureAwait(false)
            : VerifierReasons.CollateralAway.Because($"no service gave the collateral of {platform.Tee} {platform.Fmspc} so far");
    }

    private async Task<Outcome<string>> VerifyAsync(AppraisalRequest request, CancellationToken cancellation)
    {
        using var lease = await budget.TakeVerificationAsync(cancellation).ConfigureAwait(false);
        return lease.IsAcquired
            ? appraiser.Appraise(request)
            : VerifierReasons.Busy.Because("as many verifications wait as the verifier lets wait");
    }

    private static async Task<bool> FetchAsync(CollateralKeeper keeper, PlatformId platform, CancellationToken cancellation)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        late.CancelAfter(CollateralLimit);
        try
        {
            return await keeper.FetchAsync(platform, late.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private Task RefuseAsync(HttpContext context, Refusal refusal) => RefuseAsync(context, StatusOf(refusal), refusal);

    /// <summary>Writes a refusal (RFC 9457).</summary>
    public async Task RefuseAsync(HttpContext context, int status, Refusal refusal)
    {
        metrics.CountRefusal(refusal.Code);
        if (status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = "1";
        }
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new VerifierProblem(refusal.Code, status, refusal.Detail, refusal.Location?.Part, refusal.Remedy),
            AnswerJson.Default.VerifierProblem);
        await WriteAsync(context, status, "application/problem+json", body).ConfigureAwait(false);
    }

    private static int StatusOf(Refusal refusal) =>
        refusal.Reason == VerifierReasons.TooManyRequests ? StatusCodes.Status429TooManyRequests
        : refusal.Kind switch
        {
            RefusalKind.Invalid => StatusCodes.Status400BadRequest,
            RefusalKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status403Forbidden,
        };

    // The requested path would let a peer invent labels.
    private static string NameOf(HttpContext context) =>
        context.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } route } ? $"{context.Request.Method} {route}" : "other";

    private static Task WriteAsync<T>(HttpContext context, int status, T value, JsonTypeInfo<T> type) =>
        WriteAsync(context, status, "application/json", JsonSerializer.SerializeToUtf8Bytes(value, type));

    private static async Task WriteAsync(HttpContext context, int status, string type, ReadOnlyMemory<byte> body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }
}
