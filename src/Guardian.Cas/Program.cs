using Guardian.Attestation;
using Guardian.Cas;
using Guardian.Hosting;

SessionStore? store = null;
try
{
    return await EnclaveHost.RunAsync("guardian-cas", args, own: [], (options, process) =>
    {
        store = SessionStore.Open(options.State, process.Enclave);
        var service = new CasService(store, options.Collateral, TimeProvider.System);
        var certificate = RaTlsCertificate.Create(process.Quotes, binding: default);
        return Task.FromResult(new EnclaveService(certificate, server => CasEndpoints.Map(server, service)));
    }).ConfigureAwait(false);
}
finally
{
    store?.Dispose();
}
