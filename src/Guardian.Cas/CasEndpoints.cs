using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Guardian.Cas.Client;
using Guardian.Documents;
using Guardian.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Guardian.Cas;

/// <summary>The CAS's HTTP interface (docs/spec/session.md).</summary>
internal static class CasEndpoints
{
    private const int MaxRequestSize = 4 * 1024;

    /// <param name="provisioning">The authority that Gramine's clients trust, or null where they are not served.</param>
    public static void Map(WebApplication app, CasService service, ProvisioningAuthority? provisioning)
    {
        app.MapGet("/v1/health", context => WriteAsync(context, StatusCodes.Status200OK, new CasHealth("ok"), CasJson.Default.CasHealth));

        app.MapGet("/v1/provisioning", context => AnswerAsync(
            context, maxSize: 0, StatusCodes.Status200OK, CasJson.Default.ProvisioningDescription,
            _ => new ProvisioningDescription((provisioning ?? throw new CasException(CasFailure.NotFound, "this CAS serves no clients of Gramine; start it with --provision", [])).Certificate)));

        app.MapPost("/v1/sessions", context => AnswerAsync(
            context, YamlDocument.MaxSize, StatusCodes.Status201Created, CasJson.Default.SessionDescription, body => service.Create(body.Span, CallerKey(context))));

        app.MapPut("/v1/sessions/{**name}", context => AnswerAsync(
            context, YamlDocument.MaxSize, StatusCodes.Status200OK, CasJson.Default.SessionDescription, body => service.Update(Name(context), body.Span, CallerKey(context))));

        app.MapGet("/v1/sessions/{**name}", context => AnswerAsync(
            context, maxSize: 0, StatusCodes.Status200OK, CasJson.Default.SessionDescription, _ => service.Read(Name(context), CallerKey(context))));

        app.MapPost("/v1/configurations", context => AnswerAsync(
            context, MaxRequestSize, StatusCodes.Status200OK, CasJson.Default.StartupConfiguration,
            body => service.Configure(ReadRequest(body), context.Connection.ClientCertificate?.RawData)));
    }

    private static async Task AnswerAsync<T>(HttpContext context, int maxSize, int status, JsonTypeInfo<T> type, Func<ReadOnlyMemory<byte>, T> work)
    {
        try
        {
            var body = await RequestBody.ReadAsync(context.Request, maxSize, context.RequestAborted).ConfigureAwait(false)
                ?? throw new CasException(CasFailure.Invalid, $"the body may have at most {maxSize} bytes here", []);
            await WriteAsync(context, status, work(body), type).ConfigureAwait(false);
        }
        catch (CasException refused)
        {
            var code = refused.Failure switch
            {
                CasFailure.Denied => StatusCodes.Status403Forbidden,
                CasFailure.NotFound => StatusCodes.Status404NotFound,
                CasFailure.Conflict => StatusCodes.Status409Conflict,
                _ => StatusCodes.Status400BadRequest,
            };
            var problem = new CasProblem(refused.Failure.ToString(), code, refused.Message, refused.Problems);
            await WriteAsync(context, code, problem, CasJson.Default.CasProblem, "application/problem+json").ConfigureAwait(false);
        }
        catch (InvalidDataException damaged)
        {
            var problem = new CasProblem(nameof(CasFailure.Damaged), StatusCodes.Status500InternalServerError, damaged.Message, []);
            await WriteAsync(context, problem.Status, problem, CasJson.Default.CasProblem, "application/problem+json").ConfigureAwait(false);
        }
    }

    private static async Task WriteAsync<T>(HttpContext context, int status, T value, JsonTypeInfo<T> type, string contentType = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(value, type)).ConfigureAwait(false);
    }

    private static ConfigurationRequest ReadRequest(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body.Span, CasJson.Default.ConfigurationRequest) ?? throw new JsonException("null");
        }
        catch (JsonException)
        {
            throw new CasException(CasFailure.Invalid, "the body is not {\"session\": …, \"service\": …}", []);
        }
    }

    private static byte[] CallerKey(HttpContext context) => context.Connection.ClientCertificate?.PublicKey.ExportSubjectPublicKeyInfo()
        ?? throw new CasException(CasFailure.Invalid, "a client certificate is needed here: its key says whose session it is", []);

    private static string Name(HttpContext context) => (string?)context.Request.RouteValues["name"] ?? "";
}
