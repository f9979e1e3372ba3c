using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Guardian.Cas.Callers;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Owners;
using Guardian.Cas.Provisioning;
using Guardian.Cas.Store;
using Guardian.Documents;
using Guardian.Hosting;
using Guardian.Refusals;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Guardian.Cas.Host;

/// <summary>The CAS's HTTP interface (docs/spec/session.md, docs/spec/cas-openapi.json).</summary>
internal static class CasEndpoints
{
    internal const int MaxRequestSize = 4 * 1024;

    // More people than a rule can name; each signature costs a verification.
    private const int MaxSignatures = 64;

    /// <summary>Maps the calls of a CAS.</summary>
    /// <param name="provisioning">The authority that Gramine's clients trust; null when the CAS does not serve them.</param>
    public static void Map(
        WebApplication app, CasServices services, CasMetrics metrics, CallerLimits limits, ProvisioningAuthority? provisioning)
    {
        app.Use((context, next) => MeasureAsync(context, next, metrics));
        app.Use((context, next) => LimitAsync(context, next, limits));
        app.Use((context, next) => PinAsync(context, next, () => services.Vault.Log, services.Vault.Code));
        app.MapGet("/metrics", async context =>
        {
            context.Response.ContentType = "text/plain; version=0.0.4";
            await context.Response.WriteAsync(metrics.Write()).ConfigureAwait(false);
        });
        HealthEndpoints.Map(app, metrics.ReadReadiness);
        app.MapGet("/v1/provisioning", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.ProvisioningDescription,
            (_, _) => Task.FromResult(DescribeProvisioning(provisioning))));
        app.MapGet("/v1/audit", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.AuditPage,
            (context, _) => services.Audit.ReadAsync(QueryOf(context, "after"), CallerKeyOf(context))));
        MapOwners(app, services);
        MapSessions(app, services);
        SecretEndpoints.Map(app, services);
        MapAdmissions(app, services);
    }

    /// <summary>Maps the calls of a CAS that waits for its owners' shares.</summary>
    /// <param name="code">MRENCLAVE of this enclave.</param>
    public static void MapRecovery(WebApplication app, KeyRecovery recovery, string code)
    {
        app.Use((context, next) => PinAsync(context, next, () => recovery.Log, code));
        HealthEndpoints.Map(app, () => "recovering");
        app.MapGet("/v1/owners", context =>
            WriteAsync(context, StatusCodes.Status200OK, recovery.Owners, CasJson.Default.OwnersDescription));
        app.MapGet("/v1/recovery/progress", context =>
            WriteAsync(context, StatusCodes.Status200OK, recovery.ReadProgress(), CasJson.Default.RecoveryProgress));
        app.MapGet("/v1/recovery", context =>
            WriteAsync(context, StatusCodes.Status200OK, recovery.Description, CasJson.Default.RecoveryDescription));
        app.MapPost("/v1/recovery", Answer(
            MaxRequestSize, StatusCodes.Status200OK, CasJson.Default.RecoveryProgress,
            (context, body) => Task.FromResult(recovery.AddShare(
                Read(body, CasJson.Default.OpenedShare, "{\"x\": …, \"share\": …}"), CallerKeyOf(context)))));
    }

    private static void MapOwners(WebApplication app, CasServices services)
    {
        const string ClaimForm = "{\"keys\": […], \"threshold\": …}";
        const string ChangeForm = "{\"predecessor\": …, \"keys\": […], \"threshold\": …}";
        const string UpgradeForm = "{\"identity\": …, \"owners\": …, \"mrEnclave\": …}";
        app.MapGet("/v1/owners", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.OwnersDescription, (_, _) => services.Owners.ReadAsync()));
        app.MapPost("/v1/owners", Answer(
            MaxRequestSize * 4, StatusCodes.Status201Created, CasJson.Default.OwnersDescription,
            (context, body) => services.Owners.ClaimAsync(Read(body, CasJson.Default.OwnersClaim, ClaimForm), CallerKeyOf(context))));
        app.MapPut("/v1/owners", Answer(
            MaxRequestSize * 4, StatusCodes.Status200OK, CasJson.Default.OwnersDescription,
            (context, body) => services.Owners.ChangeAsync(
                body, Read(body, CasJson.Default.OwnersChange, ChangeForm), CallerKeyOf(context), SignaturesOf(context))));
        app.MapPost("/v1/upgrades", Answer(
            MaxRequestSize, StatusCodes.Status200OK, CasJson.Default.CasIdentity,
            (context, body) => services.Owners.ApproveUpgradeAsync(
                body, Read(body, CasJson.Default.UpgradeApproval, UpgradeForm), CallerKeyOf(context), SignaturesOf(context))));
        app.MapGet("/v1/creation-rules", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.CreationDescription,
            (context, _) => services.Creation.ReadAsync(CallerKeyOf(context))));
        app.MapPut("/v1/creation-rules", Answer(
            MaxRequestSize * 4, StatusCodes.Status200OK, CasJson.Default.CreationDescription,
            (context, body) => services.Creation.ChangeAsync(body, CallerKeyOf(context), SignaturesOf(context))));
        app.MapGet("/v1/identity", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.CasIdentity, (_, _) => services.Owners.ReadIdentityAsync()));
        app.MapPost("/v1/store-key", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.StoreKeyDescription,
            (context, _) => services.Owners.HandOverKeyAsync(CertificateOf(context))));
    }

    private static void MapSessions(WebApplication app, CasServices services)
    {
        app.MapPost("/v1/sessions", Answer(
            YamlDocument.MaxSize, StatusCodes.Status201Created, CasJson.Default.SessionDescription,
            (context, body) => services.Sessions.CreateAsync(
                body, CallerKeyOf(context), SignaturesOf(context), SourceOf(context), SubmissionOf(context))));
        app.MapGet("/v1/sessions", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.SessionList,
            (context, _) => services.Sessions.ListAsync(
                QueryOf(context, "below"), context.Request.Query["after"].ToString(), CallerKeyOf(context))));
        app.MapPut("/v1/sessions/{**name}", Answer(
            YamlDocument.MaxSize, StatusCodes.Status200OK, CasJson.Default.SessionDescription,
            (context, body) => services.Sessions.UpdateAsync(
                NameOf(context), body, CallerKeyOf(context), SignaturesOf(context), SourceOf(context), SubmissionOf(context))));
        app.MapGet("/v1/sessions/{**name}", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.SessionDescription,
            (context, _) => (string?)context.Request.Query["hash"] is { } hash
                ? services.History.ReadAsync(NameOf(context), hash, CallerKeyOf(context))
                : services.Sessions.ReadAsync(NameOf(context), CallerKeyOf(context))));
        app.MapDelete("/v1/sessions/{**name}", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.DeletionProgress,
            (context, _) => services.Removal.DeleteAsync(NameOf(context), CallerKeyOf(context), SignaturesOf(context))));
        app.MapGet("/v1/history/{**name}", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.SessionHistoryDescription,
            (context, _) => services.History.ListAsync(NameOf(context), CallerKeyOf(context))));
        app.MapGet("/v1/stdio-keys/{name}", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.StdioKeyDescription,
            (context, _) => services.Sessions.ReadStdioKeyAsync(QueryOf(context, "session"), NameOf(context), CallerKeyOf(context))));
    }

    private static void MapAdmissions(WebApplication app, CasServices services)
    {
        const string RequestForm = "{\"session\": …, \"service\": …}";
        const string WorkloadForm = "{\"session\": …, \"service\": …, \"workloadKey\": …}";
        const string ChangeForm = "{\"session\": …, \"name\": …, \"expected\": …, \"next\": …}";
        app.MapPost("/v1/configurations", Answer(
            MaxRequestSize, StatusCodes.Status200OK, CasJson.Default.StartupConfiguration,
            (context, body) => services.Admissions.ConfigureAsync(
                Read(body, CasJson.Default.ConfigurationRequest, RequestForm), CertificateOf(context), SourceOf(context))));
        app.MapPost("/v1/workload-certificates", Answer(
            MaxRequestSize, StatusCodes.Status200OK, CasJson.Default.WorkloadConfiguration,
            (context, body) => services.Admissions.RenewWorkloadAsync(
                Read(body, CasJson.Default.ConfigurationRequest, WorkloadForm), CertificateOf(context))));
        app.MapGet("/v1/tags/{name}", Answer(
            maxSize: 0, StatusCodes.Status200OK, CasJson.Default.TagDescription,
            (context, _) => services.Admissions.ReadTagAsync(QueryOf(context, "session"), NameOf(context), CertificateOf(context))));
        app.MapPut("/v1/tags/{name}", Answer(
            MaxRequestSize, StatusCodes.Status200OK, CasJson.Default.TagOutcome,
            (context, body) =>
            {
                var change = Read(body, CasJson.Default.TagChange, ChangeForm);
                return change.Name == NameOf(context)
                    ? services.Admissions.SetTagAsync(change, CertificateOf(context))
                    : throw Refuse($"the body names the tag '{change.Name}'");
            }));
    }

    private static Outcome<ProvisioningDescription> DescribeProvisioning(ProvisioningAuthority? provisioning) => provisioning is not null
        ? new ProvisioningDescription(provisioning.Certificate)
        : CasReasons.NotFound.Because("this CAS does not serve Gramine's clients; start it with --provision");

    private static async Task MeasureAsync(HttpContext context, RequestDelegate next, CasMetrics metrics)
    {
        var start = Stopwatch.GetTimestamp();
        var request = RequestLog.Begin(context);
        var status = StatusCodes.Status500InternalServerError;
        try
        {
            await next(context).ConfigureAwait(false);
            status = context.Response.StatusCode;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            status = StatusCodes.Status499ClientClosedRequest;
        }
        finally
        {
            CountAnswer(context, status, start, metrics, request);
        }
    }

    private static void CountAnswer(HttpContext context, int status, long start, CasMetrics metrics, string request)
    {
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        var call = route is null ? "none" : $"{context.Request.Method} {route}";
        var duration = Stopwatch.GetElapsedTime(start);
        metrics.CountAnswer(call, status, duration);
        metrics.Requests?.End(context, request, call, status, duration);
    }

    private static async Task LimitAsync(HttpContext context, RequestDelegate next, CallerLimits limits)
    {
        using var lease = limits.Acquire(context);
        using var large = lease.IsAcquired && CallerLimits.IsLarge(context) ? limits.AcquireLarge(context) : null;
        if (lease.IsAcquired && large?.IsAcquired != false)
        {
            await next(context).ConfigureAwait(false);
            return;
        }
        var refusal = CasReasons.Busy.Because(lease.IsAcquired
            ? "the CAS has as many large bodies under way as it holds at once; try again"
            : "the caller has as many calls under way as one caller may have; wait for their answers");
        await RefuseAsync(context, StatusCodes.Status429TooManyRequests, refusal).ConfigureAwait(false);
    }

    // The caller who asks for the identity wants to see it. The state of the service and its metrics belong to the host. An enclave that
    // gets the key verifies the log itself.
    private static readonly string[] OpenPaths =
        ["/metrics", .. HealthEndpoints.Paths, "/v1/identity", "/v1/store-key", "/v1/recovery/progress"];

    private static async Task PinAsync(HttpContext context, RequestDelegate next, Func<AuditState> read, string code)
    {
        string? Header(string name) => context.Request.Headers.TryGetValue(name, out var values) ? values.ToString() : null;
        var pins = new CasPins(Header(CasPins.IdentityHeader), Header(CasPins.OwnersHeader));
        var log = read();
        var refusal = PinCheck.Compare(log, pins) ?? (OpenPaths.Contains(context.Request.Path.Value)
            ? null
            : PinCheck.CheckOrigin(log, code, pins, Header(CasPins.CodeHeader)?.Split(',') ?? []));
        await (refusal is null ? next(context) : RefuseAsync(context, StatusOf(refusal), refusal)).ConfigureAwait(false);
    }

    /// <summary>Answers a call with the outcome of its work.</summary>
    internal static RequestDelegate Answer<T>(
        int maxSize, int status, JsonTypeInfo<T> type, Func<HttpContext, ReadOnlyMemory<byte>, Task<Outcome<T>>> work) where T : class =>
        async context =>
        {
            var (body, fault, why) = await BodyReader.ReadAsync(context, maxSize).ConfigureAwait(false);
            if (why is not null)
            {
                // The rest of the body may still come.
                context.Response.Headers.Connection = "close";
                await RefuseAsync(context, fault, CasReasons.Invalid.Because(why)).ConfigureAwait(false);
                return;
            }
            var (value, refusal) = await RunAsync(context, body, work).ConfigureAwait(false);
            await (value is not null
                ? WriteAsync(context, status, value, type)
                : RefuseAsync(context, StatusOf(refusal!), refusal!)).ConfigureAwait(false);
        };

    private static async Task<Outcome<T>> RunAsync<T>(
        HttpContext context, ReadOnlyMemory<byte> body, Func<HttpContext, ReadOnlyMemory<byte>, Task<Outcome<T>>> work) where T : class
    {
        try
        {
            return await work(context, body).ConfigureAwait(false);
        }
        catch (RefusedException refused)
        {
            return refused.Refusal;
        }
        catch (StoreException failure)
        {
            return CasReasons.Busy.Because(failure.Message);
        }
        catch (InvalidDataException damaged)
        {
            return CasReasons.Damaged.Because(damaged.Message);
        }
    }

    private static int StatusOf(Refusal refusal) => refusal.Reason == CasReasons.OverBudget ? StatusCodes.Status429TooManyRequests
        : StatusOf(refusal.Kind);

    private static int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Unverified or RefusalKind.Forbidden => StatusCodes.Status403Forbidden,
        RefusalKind.NotFound => StatusCodes.Status404NotFound,
        RefusalKind.Conflict => StatusCodes.Status409Conflict,
        RefusalKind.Withheld => StatusCodes.Status422UnprocessableEntity,
        RefusalKind.Damaged => StatusCodes.Status500InternalServerError,
        RefusalKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status400BadRequest,
    };

    /// <summary>Writes a refusal (RFC 9457).</summary>
    internal static Task RefuseAsync(HttpContext context, int status, Refusal refusal)
    {
        RequestLog.NoteReason(context, refusal.Code);
        if (status == StatusCodes.Status429TooManyRequests)
        {
            // A call is rarely under way for a second. In a minute, a caller gets back the work of an RSA key.
            context.Response.Headers.RetryAfter = refusal.Reason == CasReasons.OverBudget ? "60" : "1";
        }
        return WriteAsync(
            context, status, new CasProblem(refusal.Code, status, refusal.Detail, refusal.Problems), CasJson.Default.CasProblem,
            "application/problem+json");
    }

    private static async Task WriteAsync<T>(
        HttpContext context, int status, T value, JsonTypeInfo<T> type, string contentType = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(value, type)).ConfigureAwait(false);
    }

    // The methods below read a request. RunAsync turns what they throw into an answer.

    internal static RefusedException Refuse(string detail) => new(CasReasons.Invalid.Because(detail));

    internal static T Read<T>(ReadOnlyMemory<byte> body, JsonTypeInfo<T> type, string form)
    {
        try
        {
            return JsonSerializer.Deserialize(body.Span, type) ?? throw new JsonException("null");
        }
        catch (JsonException)
        {
            throw Refuse($"the body is not {form}");
        }
    }

    private static SessionSignature? SubmissionOf(HttpContext context) =>
        context.Request.Headers[CasTransport.SubmissionHeader] is not { Count: > 0 } values ? null
        : values.Count == 1 && SessionSignature.TryRead(values[0] ?? "", out var submission) ? submission
        : throw Refuse($"a call has one {CasTransport.SubmissionHeader}: KEY SIGNATURE, both base64");

    private static List<SessionSignature> SignaturesOf(HttpContext context)
    {
        var values = context.Request.Headers[CasTransport.SignatureHeader];
        return values.Count > MaxSignatures
            ? throw Refuse($"a call has at most {MaxSignatures} signatures")
            : [.. values.Select(value => SessionSignature.TryRead(value ?? "", out var signature)
                ? signature
                : throw Refuse($"a {CasTransport.SignatureHeader} is KEY SIGNATURE, both base64"))];
    }

    internal static byte[] CallerKeyOf(HttpContext context) => context.Connection.ClientCertificate?.PublicKey.ExportSubjectPublicKeyInfo()
        ?? throw Refuse("this call needs a client certificate: its key identifies the caller");

    private static ReadOnlyMemory<byte> CertificateOf(HttpContext context) => context.Connection.ClientCertificate?.RawData;

    private static CallSource SourceOf(HttpContext context) => new(context.Connection.RemoteIpAddress, context.RequestAborted);

    internal static string NameOf(HttpContext context) => (string?)context.Request.RouteValues["name"] ?? "";

    internal static string QueryOf(HttpContext context, string name) => (string?)context.Request.Query[name]
        ?? throw Refuse($"'?{name}=' is missing");
}
