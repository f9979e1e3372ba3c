using System.Net;

namespace Guardian.Cas.Callers;

/// <summary>The origin of a call, and the sign that its caller has gone.</summary>
/// <param name="Address">The peer's address; null for a call of this process.</param>
/// <param name="Cancellation">Is cancelled when the caller has gone: then nobody wants the answer.</param>
internal readonly record struct CallSource(IPAddress? Address, CancellationToken Cancellation);
