using Guardian.Attestation;
using Guardian.Cas;
using Guardian.Cas.Client;
using Guardian.Hosting;

Vault? vault = null;
ProvisioningAuthority? authority = null;
ProvisioningServer? provisioning = null;
try
{
    return await EnclaveHost.RunAsync("guardian-cas", args, own: [], optional: ["provision", "provision-unnamed"], (options, process) =>
    {
        vault = Vault.Open(
            SqliteRowStore.Open(Path.Combine(options.State, "cas.sqlite")),
            StoreKey.LoadOrCreate(Path.Combine(options.State, "database-key.sealed"), process.Enclave),
            new AuditKey(StatementSigner.Create(process.Quotes, new byte[RaTlsCertificate.BindingSize])),
            TimeProvider.System);
        var service = new CasService(vault, options.Collateral, TimeProvider.System);
        if (options.Find("provision") is { } address)
        {
            authority = ProvisioningAuthority.Open(options.State, process.Enclave);
            provisioning = ProvisioningServer.Start(
                HostOptions.ParseEndPoint(address), service, authority, ReadUnnamed(options.Find("provision-unnamed")), reason => Console.Error.WriteLine($"guardian-cas: {reason}"));
            Console.WriteLine(options.Json
                ? $$"""{"event":"provisioning","address":"{{provisioning.Address}}"}"""
                : $"guardian-cas: provisioning for Gramine on {provisioning.Address}");
        }
        var certificate = RaTlsCertificate.Create(process.Quotes, binding: default);
        return Task.FromResult(new EnclaveService(certificate, server => CasEndpoints.Map(server, service, authority)));
    }).ConfigureAwait(false);
}
finally
{
    if (provisioning is not null)
    {
        await provisioning.DisposeAsync().ConfigureAwait(false);
    }
    authority?.Dispose();
    vault?.Dispose();
}

// SESSION/SERVICE; a session's name may have slashes itself.
static ConfigurationRequest? ReadUnnamed(string? text) => text is null ? null
    : text.LastIndexOf('/') is > 0 and var slash && slash < text.Length - 1 ? new ConfigurationRequest(text[..slash], text[(slash + 1)..])
    : throw new HostException(2, $"'{text}' names no service", "--provision-unnamed takes SESSION/SERVICE");
