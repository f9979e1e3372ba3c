namespace Guardian.Cas.Client.Protocol;

/// <summary>The key to which people seal values that only one CAS can open.</summary>
/// <param name="Identity">The identity of the CAS, 64 lower-case hex digits.</param>
/// <param name="Key">SubjectPublicKeyInfo of its P-256 key, DER; base64 on the wire.</param>
public sealed record SealingKey(string Identity, byte[] Key);
