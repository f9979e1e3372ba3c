namespace Guardian.Cas.Client.Protocol;

/// <summary>A service that may be the other end of an attested connection.</summary>
/// <param name="Session">The session's name, at the same CAS.</param>
/// <param name="Service">The service's name.</param>
/// <param name="Program">The digest of its program, 64 lower-case hex digits; null accepts the one that its session names.</param>
/// <param name="Policies">The identifiers of the attestation policies by which the CAS may have admitted it; null accepts the one that its
/// session has.</param>
public sealed record PeerService(string Session, string Service, string? Program, IReadOnlyList<string>? Policies = null);
