using System.Net;
using System.Net.Security;
using Guardian.Hosting;
using Guardian.Node.Metrics;
using Guardian.Refusals;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Guardian.Node.Admission;

/// <summary>Serves the webhook over TLS: <c>POST /pods</c> answers a review, and <c>GET /health</c> says that it serves.</summary>
/// <remarks>
/// Every pod of the cluster can call it, and an answer depends on the call alone. The API server waits a few seconds and goes on
/// without it, so a call that waits longer is of no use.
/// </remarks>
internal static class AdmissionEndpoint
{
    /// <summary>The path of reviews.</summary>
    public const string Path = "/pods";

    // Each has a review of at most 4 MiB in memory, and its parts once more.
    private const int MaxReviews = 4;
    private const int MaxConnections = 128;
    private const int ConnectionsOfAddress = 32;

    private static readonly TimeSpan ReviewLimit = TimeSpan.FromSeconds(3);

    /// <summary>Makes a server that is not started yet.</summary>
    /// <param name="address">The address to listen on.</param>
    /// <param name="settings">The certificate, and the pods that it completes.</param>
    /// <param name="log">Receives a line when a renewed certificate cannot be used.</param>
    /// <exception cref="RefusedException"><see cref="EndpointReasons.BadCertificate"/>.</exception>
    public static WebApplication Create(IPEndPoint address, AdmissionSettings settings, Action<string> log)
    {
        var certificate = new CertificateFiles(settings.Certificate, settings.Key, log);
        var https = new HttpsSettings(
            () => new SslServerAuthenticationOptions { ServerCertificateContext = certificate.Current }, AdmissionReview.MaxSize)
        {
            Protocols = HttpProtocols.Http1,
            Connections = new ConnectionLimits(MaxConnections, ConnectionsOfAddress),
        };
        return HttpsServer.Create("guardian-node", address, https, server =>
        {
            var pods = new PodAdmission(settings.RuntimeClass);
            var reviews = new SemaphoreSlim(MaxReviews);
            server.Lifetime.ApplicationStopped.Register(reviews.Dispose);
            server.Run(context => (context.Request.Method, context.Request.Path.Value) switch
            {
                ("GET", "/health") => Task.CompletedTask,
                ("POST", Path) => ReviewAsync(context, pods, reviews),
                _ => FailAsync(context, StatusCodes.Status404NotFound),
            });
        });
    }

    private static async Task ReviewAsync(HttpContext context, PodAdmission pods, SemaphoreSlim reviews)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(ReviewLimit);
        try
        {
            await reviews.WaitAsync(limit.Token).ConfigureAwait(false);
            try
            {
                await AnswerAsync(context, pods, limit.Token).ConfigureAwait(false);
            }
            finally
            {
                reviews.Release();
            }
        }
        catch (OperationCanceledException)
        {
            await FailAsync(context, StatusCodes.Status503ServiceUnavailable).ConfigureAwait(false);
        }
    }

    private static async Task AnswerAsync(HttpContext context, PodAdmission pods, CancellationToken cancellation)
    {
        var review = await RequestBody.ReadAsync(context.Request, AdmissionReview.MaxSize, cancellation).ConfigureAwait(false);
        if (review is null)
        {
            await FailAsync(context, StatusCodes.Status413PayloadTooLarge).ConfigureAwait(false);
            return;
        }
        if (AdmissionReview.Answer(review.Value, pods) is not { } answer)
        {
            await FailAsync(context, StatusCodes.Status400BadRequest).ConfigureAwait(false);
            return;
        }
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString(), cancellation).ConfigureAwait(false);
    }

    private static Task FailAsync(HttpContext context, int status)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = status;
        }
        return Task.CompletedTask;
    }
}
