using System.Text.Json;
using Guardian.Cas.Client.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Guardian.Cas.Host;

/// <summary>The calls by which a host learns whether the program lives, and whether the CAS serves.</summary>
internal static class HealthEndpoints
{
    /// <summary>The paths. <c>/v1/health</c> is the readiness under its former name.</summary>
    public static IReadOnlyList<string> Paths { get; } = ["/v1/health/live", "/v1/health/ready", "/v1/health"];

    /// <summary>Maps the calls.</summary>
    /// <param name="read">Returns <see cref="StoreWatch.Ready"/>, or the word for the reason why the CAS does not serve.</param>
    public static void Map(WebApplication app, Func<string> read)
    {
        app.MapGet("/v1/health/live", context => WriteAsync(context, StatusCodes.Status200OK, "ok"));
        app.MapGet("/v1/health/ready", context => WriteReadinessAsync(context, read()));
        app.MapGet("/v1/health", context => WriteReadinessAsync(context, read()));
    }

    private static Task WriteReadinessAsync(HttpContext context, string word) => WriteAsync(
        context, word == StoreWatch.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, word);

    private static async Task WriteAsync(HttpContext context, int status, string word)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        var body = JsonSerializer.SerializeToUtf8Bytes(new CasHealth(word), CasJson.Default.CasHealth);
        await context.Response.Body.WriteAsync(body).ConfigureAwait(false);
    }
}
