using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Guardian.Portal.Tests;

/// <summary>
/// A page on loopback as it is often written: loopback is taken for protection, a short code in the link stays valid, the cookie belongs to
/// the whole host for ever, and nobody asks which page sends a form. Every attack succeeds against it.
/// </summary>
internal sealed class NaivePortal : IAsyncDisposable
{
    private readonly WebApplication app;

    private NaivePortal(WebApplication app) => this.app = app;

    public const string Secret = "the contract of spring-campaign";

    public Uri Address => new(app.Urls.First());

    public string Code { get; } = RandomNumberGenerator.GetInt32(10_000).ToString("D4", CultureInfo.InvariantCulture);

    public int Changes { get; private set; }

    public static async Task<NaivePortal> StartAsync(bool needsCookie)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var portal = new NaivePortal(builder.Build());
        bool IsIn(HttpContext context) => !needsCookie || context.Request.Cookies["guardian"] == "in";
        portal.app.MapMethods("/open", ["GET"], context =>
        {
            if (context.Request.Query["token"] == portal.Code)
            {
                context.Response.Cookies.Append("guardian", "in", new CookieOptions { Path = "/" });
            }
            return Task.CompletedTask;
        });
        portal.app.MapMethods("/", ["GET"], context =>
            IsIn(context) ? context.Response.WriteAsync(Secret + context.Request.Query["name"]) : Task.CompletedTask);
        portal.app.MapMethods("/change", ["POST"], context =>
        {
            portal.Changes += IsIn(context) ? 1 : 0;
            return Task.CompletedTask;
        });
        await portal.app.StartAsync();
        return portal;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
