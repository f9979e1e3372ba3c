using System.Net;

namespace Guardian.Cas.Callers;

/// <summary>Where a call comes from, and when it ends early.</summary>
/// <param name="Address">The peer's address; null for a call of this process.</param>
/// <param name="Cancellation">Is cancelled when the caller has gone: then nobody wants the answer.</param>
internal readonly record struct CallSource(IPAddress? Address, CancellationToken Cancellation);
