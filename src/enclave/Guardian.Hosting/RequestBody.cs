using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Guardian.Hosting;

/// <summary>Reads request bodies within a bound.</summary>
public static class RequestBody
{
    private const int BufferSize = 16 * 1024;

    /// <summary>Reads the whole body.</summary>
    /// <param name="request">The request.</param>
    /// <param name="maxSize">The largest accepted size in bytes; no more is held in memory.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>The body; null when it is larger.</returns>
    /// <exception cref="BadHttpRequestException">
    /// The body stalls, breaks off or is malformed; the exception has the status that the answer should have.
    /// </exception>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, int maxSize, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.ContentLength > maxSize)
        {
            return null;
        }
        // A peer that announces a body need not send it, so memory grows with the bytes that arrive.
        using var body = new MemoryStream();
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            for (int size; (size = await request.Body.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
            {
                if (body.Length + size > maxSize)
                {
                    return null;
                }
                await body.WriteAsync(buffer.AsMemory(0, size), cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            // A body may hold secrets.
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
