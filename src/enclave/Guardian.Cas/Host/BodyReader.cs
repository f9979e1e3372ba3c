using Guardian.Hosting;
using Microsoft.AspNetCore.Http;

namespace Guardian.Cas.Host;

/// <summary>Reads the bodies of calls. A peer whose body is late, wrong or too large gets an answer that says so.</summary>
internal static class BodyReader
{
    // The server closes bodies that stall. One that trickles just fast enough would hold a place among the caller's calls for an hour.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Reads a body.</summary>
    /// <param name="maxSize">The largest accepted size, in bytes.</param>
    /// <returns>The body, or the status of the answer and a sentence for people.</returns>
    /// <exception cref="OperationCanceledException">The peer has gone.</exception>
    public static async Task<(ReadOnlyMemory<byte> Body, int Status, string? Fault)> ReadAsync(HttpContext context, int maxSize)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        late.CancelAfter(Limit);
        try
        {
            return await RequestBody.ReadAsync(context.Request, maxSize, late.Token).ConfigureAwait(false) is { } body
                ? (body, StatusCodes.Status200OK, null)
                : (default, StatusCodes.Status400BadRequest, $"the body may have at most {maxSize} bytes here");
        }
        catch (BadHttpRequestException failure)
        {
            return (default, failure.StatusCode, failure.StatusCode == StatusCodes.Status408RequestTimeout
                ? "the body did not arrive in time; send it again"
                : "the body breaks off, or is not as its headers say");
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            return (default, StatusCodes.Status408RequestTimeout,
                $"the body did not arrive within {Limit.TotalSeconds:0} seconds; send it again");
        }
        catch (IOException failure) when (context.RequestAborted.IsCancellationRequested)
        {
            throw new OperationCanceledException("the peer has gone", failure);
        }
    }
}
