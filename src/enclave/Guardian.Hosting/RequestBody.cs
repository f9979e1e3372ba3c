using Microsoft.AspNetCore.Http;

namespace Guardian.Hosting;

/// <summary>Reads request bodies within a bound.</summary>
public static class RequestBody
{
    /// <summary>Reads the whole body.</summary>
    /// <param name="request">The request.</param>
    /// <param name="maxSize">The largest accepted size in bytes; no more is held in memory.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>The body; null when it is larger.</returns>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, int maxSize, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.ContentLength > maxSize)
        {
            return null;
        }
        using var body = new MemoryStream((int)(request.ContentLength ?? 0));
        var buffer = new byte[81920];
        for (int size; (size = await request.Body.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
        {
            if (body.Length + size > maxSize)
            {
                return null;
            }
            await body.WriteAsync(buffer.AsMemory(0, size), cancellation).ConfigureAwait(false);
        }
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
