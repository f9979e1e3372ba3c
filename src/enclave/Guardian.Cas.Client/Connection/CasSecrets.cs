using Guardian.Cas.Client.Protocol;

namespace Guardian.Cas.Client.Connection;

/// <summary>
/// The calls about values that people set and read: <see cref="CasClient.Secrets"/>. Thread-safe. Each call throws as those of
/// <see cref="CasClient"/> do.
/// </summary>
public sealed class CasSecrets
{
    private readonly CasTransport transport;

    internal CasSecrets(CasTransport transport) => this.transport = transport;

    /// <summary>Lists the secrets of a session that the caller may know of, without their values.</summary>
    /// <param name="session">The session's name.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The secrets, and the hash of the session's present text.</returns>
    public Task<SecretList> ListAsync(string session, CancellationToken cancellation = default) => transport.SendAsync(
        HttpMethod.Get, $"v1/secrets?session={Uri.EscapeDataString(session)}", null, CasJson.Default.SecretList, cancellation);

    /// <summary>Sets the value of a secret, as one of the people whom the session names.</summary>
    /// <param name="session">The session's name.</param>
    /// <param name="name">The secret's name.</param>
    /// <param name="sessionHash">
    /// The hash of the session's text for which the value is meant. The CAS refuses the value when the session has another text.
    /// </param>
    /// <param name="value">The bytes of a binary value, else UTF-8 text; at most 16 KiB.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The secret, with its new version.</returns>
    public Task<SecretDescription> SetAsync(
        string session, string name, string sessionHash, ReadOnlyMemory<byte> value, CancellationToken cancellation = default)
    {
        var change = new SecretChange(session, name, sessionHash, value.ToArray());
        return transport.SendAsync(
            HttpMethod.Put, $"v1/secrets/{CasTransport.Escape(name)}", CasTransport.CreateJson(change, CasJson.Default.SecretChange),
            CasJson.Default.SecretDescription, cancellation);
    }

    /// <summary>Issues a token that admits one start of a service, as one of the people whom the session names.</summary>
    /// <param name="session">The session's name.</param>
    /// <param name="service">The service's name.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The token.</returns>
    public Task<StartToken> IssueStartTokenAsync(string session, string service, CancellationToken cancellation = default) =>
        transport.SendAsync(
            HttpMethod.Post, "v1/start-tokens",
            CasTransport.CreateJson(new StartTokenRequest(session, service), CasJson.Default.StartTokenRequest), CasJson.Default.StartToken,
            cancellation);

    /// <summary>Reads the key to which people seal values for this CAS.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The key.</returns>
    public Task<SealingKey> ReadSealingKeyAsync(CancellationToken cancellation = default) =>
        transport.SendAsync(HttpMethod.Get, "v1/sealing-key", null, CasJson.Default.SealingKey, cancellation);

    /// <summary>Reads the value of a secret, as one of the people whom the session names.</summary>
    /// <param name="session">The session's name.</param>
    /// <param name="name">The secret's name.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The bytes of a binary value, else UTF-8 text.</returns>
    public async Task<byte[]> ReadAsync(string session, string name, CancellationToken cancellation = default)
    {
        var path = $"v1/secrets/{CasTransport.Escape(name)}?session={Uri.EscapeDataString(session)}";
        return (await transport.SendAsync(HttpMethod.Get, path, null, CasJson.Default.SecretReading, cancellation).ConfigureAwait(false))
            .Value;
    }
}
