using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Launch;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;
using Guardian.Runtime.Base;
using Guardian.Runtime.Network;
using Guardian.Sgx.Enclaves;
using Guardian.Sgx;

namespace Guardian.Runtime.Start;

/// <summary>An attested start: the enclave, the verified CAS, and its startup configuration. Holds secrets.</summary>
internal sealed class Launch : IDisposable
{
    private readonly EnclaveProcess process;
    private readonly X509Certificate2 certificate;

    private Launch(
        EnclaveProcess process, X509Certificate2 certificate, CasClient cas, StartupConfiguration configuration, TlsIdentity identity)
    {
        this.process = process;
        this.certificate = certificate;
        (Cas, Configuration, Identity) = (cas, configuration, identity);
    }

    public CasClient Cas { get; }

    public StartupConfiguration Configuration { get; }

    public TlsIdentity Identity { get; }

    /// <summary>Derives the key that authenticates compiled programs. Only this runtime's code on this machine can derive it.</summary>
    /// <param name="key">Receives <see cref="Guardian.Wasi.Engine.ModuleCache.KeySize"/> bytes.</param>
    public void DeriveModuleKey(Span<byte> key) => Sealing.DeriveKey(process.Enclave, "guardian-runtime compiled modules"u8, key);

    public bool IsSimulated => process.Enclave.Platform == PlatformKind.Simulated;

    /// <remarks>1 launch as an enclave. 2 create a TLS key inside and quote it. 3 verify the CAS in the handshake. 4 get the configuration,
    /// or the reason for its refusal.</remarks>
    /// <exception cref="RefusedException">The CAS does not admit the runtime, is not trusted or is unreachable.</exception>
    public static async Task<Launch> StartAsync(RuntimeOptions options, CancellationToken cancellation)
    {
        EnclaveProcess? process = null;
        X509Certificate2? certificate = null;
        CasClient? cas = null;
        try
        {
            process = BuiltPlatforms.Support.Open(AppContext.BaseDirectory, options.Machine);
            certificate = RaTlsCertificate.Create(process.Quotes, binding: default);
            var verifier = new EvidenceVerifier(BuiltPlatforms.Support.Anchors, new CollateralStore(options.Collateral));
            var identity = new TlsIdentity(certificate, verifier, TimeProvider.System);
            cas = new CasClient(options.Cas, options.CasPolicy, certificate, identity.Time, verifier, pins: options.CasPins);
            var configuration = await ConfigureAsync(cas, options, cancellation).ConfigureAwait(false);
            return new Launch(process, certificate, cas, configuration, identity);
        }
        catch
        {
            cas?.Dispose();
            certificate?.Dispose();
            process?.Dispose();
            throw;
        }
    }

    private static async Task<StartupConfiguration> ConfigureAsync(CasClient cas, RuntimeOptions options, CancellationToken cancellation)
    {
        try
        {
            return await cas.ConfigureAsync(options.SessionName, options.ServiceName, cancellation).ConfigureAwait(false);
        }
        catch (RefusedException failure)
        {
            var refusal = failure.Refusal;
            throw new RefusedException(RuntimeReasons.NotAdmitted.Because(refusal.Detail) with { Problems = refusal.Problems }, failure);
        }
    }

    public void Dispose()
    {
        Cas.Dispose();
        certificate.Dispose();
        process.Dispose();
    }
}
