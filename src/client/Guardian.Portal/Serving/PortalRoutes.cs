using Guardian.Portal.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Guardian.Portal.Serving;

/// <summary>The pages of a portal. Every one is behind the checks of requests, and every form carries the session's value.</summary>
public sealed class PortalRoutes
{
    private const long MaxForm = 64 * 1024 * 1024;
    private const int MaxFields = 4096;

    private readonly IEndpointRouteBuilder routes;
    private readonly PortalSession session;
    private readonly PageWriter writer;
    private readonly Func<Exception, ShownPage?> explain;
    private readonly string prefix;

    internal PortalRoutes(
        IEndpointRouteBuilder routes, string prefix, PortalSession session, PageWriter writer, Func<Exception, ShownPage?> explain)
    {
        (this.routes, this.prefix, this.session, this.writer, this.explain) = (routes, prefix, session, writer, explain);
    }

    /// <summary>Adds a page that is read.</summary>
    /// <param name="path">Its path as a route of ASP.NET Core, which begins with <c>/</c>.</param>
    /// <param name="handler">Makes it.</param>
    public void Get(string path, Func<PageRequest, Task<PageResult>> handler) => Map("GET", path, async context =>
        await writer.WriteAsync(context, await handler(new PageRequest(context, null)).ConfigureAwait(false)).ConfigureAwait(false));

    /// <summary>Adds a page that is read, whose work needs no waiting.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="handler">Makes it.</param>
    public void Get(string path, Func<PageRequest, PageResult> handler) => Get(path, request => Task.FromResult(handler(request)));

    /// <summary>Adds a change.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="handler">Makes it, and says what follows.</param>
    /// <param name="maxSize">The largest form with its files, in bytes; null for 64 MiB.</param>
    public void Post(string path, Func<PageRequest, Task<PageResult>> handler, long? maxSize = null) => Map("POST", path, async context =>
    {
        var size = maxSize ?? MaxForm;
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = size;
        if (!context.Request.HasFormContentType)
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }
        context.Features.Set<IFormFeature>(new FormFeature(context.Request, new FormOptions
        {
            MultipartBodyLengthLimit = size, ValueCountLimit = MaxFields, BufferBodyLengthLimit = size,
        }));
        var form = await context.Request.ReadFormAsync(context.RequestAborted).ConfigureAwait(false);
        if (!session.AcceptsForm(form["form"].ToString()))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }
        await writer.WriteAsync(context, await handler(new PageRequest(context, form)).ConfigureAwait(false)).ConfigureAwait(false);
    });

    /// <summary>Adds a change whose work needs no waiting.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="handler">Makes it, and says what follows.</param>
    public void Post(string path, Func<PageRequest, PageResult> handler) => Post(path, request => Task.FromResult(handler(request)));

    private void Map(string method, string path, RequestDelegate work) => routes.MapMethods(prefix + path, [method], async context =>
    {
        try
        {
            await work(context).ConfigureAwait(false);
        }
        catch (Exception failure) when (!context.Response.HasStarted && explain(failure) is { } page)
        {
            await writer.WriteAsync(context, page).ConfigureAwait(false);
        }
    });
}
