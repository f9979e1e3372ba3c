using System.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Net.Http.Headers;

namespace Guardian.Portal.Serving;

/// <summary>Writes results as responses.</summary>
internal sealed class PageWriter(Func<PagePlace> place) : IAsyncDisposable
{
    private readonly ServiceProvider services = new ServiceCollection().AddLogging().BuildServiceProvider();

    /// <summary>Writes a result.</summary>
    public async Task WriteAsync(HttpContext context, PageResult result)
    {
        switch (result)
        {
            case Redirection redirection:
                context.Response.StatusCode = StatusCodes.Status303SeeOther;
                context.Response.Headers.Location = place().Url(redirection.Path);
                break;
            case SentFile file:
                context.Response.ContentType = file.Type;
                var disposition = new ContentDispositionHeaderValue("attachment");
                disposition.SetHttpFileName(file.Name);
                context.Response.Headers.ContentDisposition = disposition.ToString();
                await context.Response.Body.WriteAsync(file.Content, context.RequestAborted).ConfigureAwait(false);
                break;
            case ShownPage page:
                await WriteAsync(context, page).ConfigureAwait(false);
                break;
        }
    }

    private async Task WriteAsync(HttpContext context, ShownPage page)
    {
        var at = place();
        var html = new HtmlRenderer(services, NullLoggerFactory.Instance);
        await using (html.ConfigureAwait(false))
        {
            var text = await html.Dispatcher.InvokeAsync(async () =>
            {
                var layout = await html.RenderComponentAsync<Layout>(ParameterView.FromDictionary(new Dictionary<string, object?>
                {
                    [nameof(Layout.Title)] = page.Title, [nameof(Layout.Section)] = page.Section, [nameof(Layout.At)] = at,
                    [nameof(Layout.Body)] = page.Body(at), [nameof(Layout.Refresh)] = page.Refresh?.ToString(
                        System.Globalization.CultureInfo.InvariantCulture),
                })).ConfigureAwait(true);
                return layout.ToHtmlString();
            }).ConfigureAwait(false);
            context.Response.StatusCode = page.Status;
            context.Response.ContentType = "text/html; charset=utf-8";
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes($"<!doctype html>\n{text}"), context.RequestAborted)
                .ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => services.DisposeAsync();
}
