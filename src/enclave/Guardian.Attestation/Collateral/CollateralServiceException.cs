using System.Net;

namespace Guardian.Attestation.Collateral;

/// <summary>A collateral service answered with a failure.</summary>
public sealed class CollateralServiceException : HttpRequestException
{
    /// <summary>Makes a failure.</summary>
    /// <param name="message">A sentence for people.</param>
    /// <param name="status">The answer's status.</param>
    /// <param name="retryAfter">The wait that the service asks for; null when it asks for none.</param>
    public CollateralServiceException(string message, HttpStatusCode status, TimeSpan? retryAfter) : base(message, null, status) =>
        RetryAfter = retryAfter;

    /// <summary>The wait that the service asks for (RFC 9110, Retry-After); null when it asks for none.</summary>
    public TimeSpan? RetryAfter { get; }
}
