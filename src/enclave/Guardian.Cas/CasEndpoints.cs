using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Guardian.Cas.Client;
using Guardian.Cas.Provisioning;
using Guardian.Cas.Recovery;
using Guardian.Cas.Store;
using Guardian.Documents;
using Guardian.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Guardian.Cas;

/// <summary>The CAS's HTTP interface (docs/spec/session.md).</summary>
internal static class CasEndpoints
{
    private const int MaxRequestSize = 4 * 1024;

    // More people than a governance rule can name; each signature costs a verification.
    private const int MaxSignatures = 64;

    /// <param name="provisioning">The authority that Gramine's clients trust, or null where they are not served.</param>
    public static void Map(WebApplication app, CasService service, CasMetrics metrics, CallerLimits limits, ProvisioningAuthority? provisioning)
    {
        app.Use((context, next) => MeasureAsync(context, next, metrics));
        app.Use((context, next) => LimitAsync(context, next, limits));
        app.MapGet("/metrics", async context =>
        {
            context.Response.ContentType = "text/plain; version=0.0.4";
            await context.Response.WriteAsync(metrics.Write()).ConfigureAwait(false);
        });

        app.MapGet("/v1/health", context => WriteAsync(context, StatusCodes.Status200OK, new CasHealth("ok"), CasJson.Default.CasHealth));

        app.MapGet("/v1/provisioning", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.ProvisioningDescription,
            (_, _) => provisioning is not null
                ? Task.FromResult(new ProvisioningDescription(provisioning.Certificate))
                : throw new CasException(CasFailure.NotFound, "this CAS serves no clients of Gramine; start it with --provision", [])));

        app.MapGet("/v1/audit", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.AuditPage, (context, _) => service.ReadAuditAsync(Query(context, "after"), CallerKey(context))));

        app.MapGet("/v1/owners", Answer(maxSize: 0, StatusCodes.Status200OK, CasJson.Default.OwnersDescription, (_, _) => service.ReadOwnersAsync()));

        app.MapPost("/v1/owners", Answer(
            MaxRequestSize * 4, StatusCodes.Status201Created, CasJson.Default.OwnersDescription,
            (context, body) => service.ClaimAsync(Read(body, CasJson.Default.OwnersClaim, "{\"keys\": […], \"threshold\": …}"), CallerKey(context))));

        app.MapPut("/v1/owners", Answer(
            MaxRequestSize * 4, StatusCodes.Status200OK, CasJson.Default.OwnersDescription,
            (context, body) => service.ChangeOwnersAsync(
                body, Read(body, CasJson.Default.OwnersChange, "{\"predecessor\": …, \"keys\": […], \"threshold\": …}"), CallerKey(context), Signatures(context))));

        app.MapPost("/v1/store-key", Answer(maxSize: 0, StatusCodes.Status200OK, CasJson.Default.StoreKeyDescription, (context, _) => service.HandOverAsync(Certificate(context))));

        app.MapPost("/v1/sessions", Answer(
            YamlDocument.MaxSize, StatusCodes.Status201Created, CasJson.Default.SessionDescription,
            (context, body) => service.CreateAsync(body, CallerKey(context), Signatures(context))));

        app.MapGet("/v1/sessions", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.SessionList, (context, _) => service.ListAsync(Query(context, "below"), CallerKey(context))));

        app.MapPut("/v1/sessions/{**name}", Answer(
            YamlDocument.MaxSize, StatusCodes.Status200OK, CasJson.Default.SessionDescription,
            (context, body) => service.UpdateAsync(Name(context), body, CallerKey(context), Signatures(context))));

        app.MapGet("/v1/sessions/{**name}", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.SessionDescription, (context, _) => service.ReadAsync(Name(context), CallerKey(context))));

        app.MapPost("/v1/configurations", Answer(
            MaxRequestSize, StatusCodes.Status200OK, CasJson.Default.StartupConfiguration,
            (context, body) => service.ConfigureAsync(Read(body, CasJson.Default.ConfigurationRequest, "{\"session\": …, \"service\": …}"), Certificate(context))));

        app.MapGet("/v1/tags/{name}", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.TagDescription,
            (context, _) => service.ReadTagAsync(Query(context, "session"), Name(context), Certificate(context))));

        app.MapPut("/v1/tags/{name}", Answer(
            MaxRequestSize, StatusCodes.Status200OK, CasJson.Default.TagOutcome,
            (context, body) =>
            {
                var change = Read(body, CasJson.Default.TagChange, "{\"session\": …, \"name\": …, \"expected\": …, \"next\": …}");
                return change.Name == Name(context)
                    ? service.SetTagAsync(change, Certificate(context))
                    : throw new CasException(CasFailure.Invalid, $"the body is of the tag '{change.Name}'", []);
            }));

        app.MapGet("/v1/stdio-keys/{name}", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.StdioKeyDescription,
            (context, _) => service.ReadStdioKeyAsync(Query(context, "session"), Name(context), CallerKey(context))));
    }

    private static async Task MeasureAsync(HttpContext context, RequestDelegate next, CasMetrics metrics)
    {
        var start = Stopwatch.GetTimestamp();
        await next(context).ConfigureAwait(false);
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "none";
        metrics.Note($"{(route == "none" ? "" : context.Request.Method + " ")}{route}", context.Response.StatusCode, Stopwatch.GetElapsedTime(start));
    }

    private static async Task LimitAsync(HttpContext context, RequestDelegate next, CallerLimits limits)
    {
        using var lease = limits.Ask(context);
        if (lease.IsAcquired)
        {
            await next(context).ConfigureAwait(false);
            return;
        }
        // As soon as one of its calls is answered; a second is long.
        context.Response.Headers.RetryAfter = "1";
        await RefuseAsync(context, CasFailure.Busy, StatusCodes.Status429TooManyRequests, "as many of your calls are under way as one caller may have at once; wait for their answers", []).ConfigureAwait(false);
    }

    /// <summary>The interface of a CAS that waits for its owners' shares.</summary>
    public static void MapRecovery(WebApplication app, KeyRecovery recovery)
    {
        app.MapGet("/v1/health", context => WriteAsync(context, StatusCodes.Status503ServiceUnavailable, new CasHealth("recovering"), CasJson.Default.CasHealth));
        app.MapGet("/v1/recovery", Answer(maxSize: 0, StatusCodes.Status200OK, CasJson.Default.RecoveryDescription, (_, _) => Task.FromResult(recovery.Description)));
        app.MapPost("/v1/recovery", Answer(
            MaxRequestSize, StatusCodes.Status200OK, CasJson.Default.RecoveryProgress,
            (_, body) => Task.FromResult(recovery.Give(Read(body, CasJson.Default.ShareGift, "{\"x\": …, \"share\": …}")))));
    }

    private static RequestDelegate Answer<T>(int maxSize, int status, JsonTypeInfo<T> type, Func<HttpContext, ReadOnlyMemory<byte>, Task<T>> work) =>
        context => AnswerAsync(context, maxSize, status, type, work);

    private static async Task AnswerAsync<T>(HttpContext context, int maxSize, int status, JsonTypeInfo<T> type, Func<HttpContext, ReadOnlyMemory<byte>, Task<T>> work)
    {
        try
        {
            var body = await RequestBody.ReadAsync(context.Request, maxSize, context.RequestAborted).ConfigureAwait(false)
                ?? throw new CasException(CasFailure.Invalid, $"the body may have at most {maxSize} bytes here", []);
            await WriteAsync(context, status, await work(context, body).ConfigureAwait(false), type).ConfigureAwait(false);
        }
        catch (CasException refused)
        {
            await RefuseAsync(context, refused.Failure, refused.Message, refused.Problems).ConfigureAwait(false);
        }
        catch (StoreException failure)
        {
            await RefuseAsync(context, CasFailure.Busy, failure.Message, []).ConfigureAwait(false);
        }
        catch (InvalidDataException damaged)
        {
            await RefuseAsync(context, CasFailure.Damaged, damaged.Message, []).ConfigureAwait(false);
        }
    }

    private static Task RefuseAsync(HttpContext context, CasFailure failure, string message, IReadOnlyList<string> problems)
    {
        var code = failure switch
        {
            CasFailure.Denied => StatusCodes.Status403Forbidden,
            CasFailure.NotFound => StatusCodes.Status404NotFound,
            CasFailure.Conflict => StatusCodes.Status409Conflict,
            CasFailure.Busy => StatusCodes.Status503ServiceUnavailable,
            CasFailure.Damaged => StatusCodes.Status500InternalServerError,
            _ => StatusCodes.Status400BadRequest,
        };
        return RefuseAsync(context, failure, code, message, problems);
    }

    private static Task RefuseAsync(HttpContext context, CasFailure failure, int code, string message, IReadOnlyList<string> problems) =>
        WriteAsync(context, code, new CasProblem(failure.ToString(), code, message, problems), CasJson.Default.CasProblem, "application/problem+json");

    private static async Task WriteAsync<T>(HttpContext context, int status, T value, JsonTypeInfo<T> type, string contentType = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(value, type)).ConfigureAwait(false);
    }

    private static T Read<T>(ReadOnlyMemory<byte> body, JsonTypeInfo<T> type, string form)
    {
        try
        {
            return JsonSerializer.Deserialize(body.Span, type) ?? throw new JsonException("null");
        }
        catch (JsonException)
        {
            throw new CasException(CasFailure.Invalid, $"the body is not {form}", []);
        }
    }

    private static List<SessionSignature> Signatures(HttpContext context)
    {
        var values = context.Request.Headers[CasClient.SignatureHeader];
        return values.Count > MaxSignatures
            ? throw new CasException(CasFailure.Invalid, $"at most {MaxSignatures} signatures are checked", [])
            : [.. values.Select(value => SessionSignature.TryRead(value ?? "", out var signature)
                ? signature
                : throw new CasException(CasFailure.Invalid, $"a {CasClient.SignatureHeader} is KEY SIGNATURE, both base64", []))];
    }

    private static byte[] CallerKey(HttpContext context) => context.Connection.ClientCertificate?.PublicKey.ExportSubjectPublicKeyInfo()
        ?? throw new CasException(CasFailure.Invalid, "a client certificate is needed here: its key says whose session it is", []);

    private static ReadOnlyMemory<byte> Certificate(HttpContext context) => context.Connection.ClientCertificate?.RawData;

    private static string Name(HttpContext context) => (string?)context.Request.RouteValues["name"] ?? "";

    private static string Query(HttpContext context, string name) => (string?)context.Request.Query[name]
        ?? throw new CasException(CasFailure.Invalid, $"'?{name}=' is missing", []);
}
