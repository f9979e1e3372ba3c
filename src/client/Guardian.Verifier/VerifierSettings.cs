using System.Net;
using System.Security.Cryptography.X509Certificates;
using Guardian.Verifier.Appraising;

namespace Guardian.Verifier;

/// <summary>The settings of a verifying service. Immutable.</summary>
public sealed record VerifierSettings
{
    /// <summary>The requests of one address in a second without <see cref="RequestsPerSecond"/>.</summary>
    public const int DefaultRequestsPerSecond = 50;

    /// <summary>The address to listen on; port 0 takes a free one.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>The certificate of HTTPS, with its private key; the caller disposes it after the service.</summary>
    public required X509Certificate2 Certificate { get; init; }

    /// <summary>The issuers of that certificate, which the service sends too.</summary>
    public X509Certificate2Collection Issuers { get; init; } = [];

    /// <summary>The policy, keys and roots.</summary>
    public required AppraisalSettings Appraisal { get; init; }

    /// <summary>The requests of one address in a second; a second's worth may come at once. At least 1.</summary>
    public int RequestsPerSecond { get; init; } = DefaultRequestsPerSecond;
}
