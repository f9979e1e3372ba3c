using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Launch;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client;
using Guardian.Runtime.Network;
using Guardian.Sgx;
using Guardian.Sgx.Enclaves;

namespace Guardian.Runtime;

/// <summary>An attested start: the enclave, the CAS that was verified, and the configuration that it gave. Holds secrets.</summary>
internal sealed class Launch : IDisposable
{
    private readonly EnclaveProcess process;
    private readonly X509Certificate2 certificate;

    private Launch(EnclaveProcess process, X509Certificate2 certificate, CasClient cas, StartupConfiguration configuration, TlsIdentity identity)
    {
        this.process = process;
        this.certificate = certificate;
        (Cas, Configuration, Identity) = (cas, configuration, identity);
    }

    public CasClient Cas { get; }

    public StartupConfiguration Configuration { get; }

    public TlsIdentity Identity { get; }

    /// <summary>The code of this very runtime on this machine, and nobody else, authenticates compiled programs with it.</summary>
    /// <param name="key">Receives <see cref="Guardian.Wasi.ModuleCache.KeySize"/> bytes.</param>
    public void DeriveModuleKey(Span<byte> key) => Sealing.DeriveKey(process.Enclave, "guardian-runtime compiled modules"u8, key);

    public bool IsSimulated => process.Enclave.Platform == PlatformKind.Simulated;

    /// <remarks>1 launch as an enclave. 2 make a TLS key inside and quote it. 3 verify the CAS, in the handshake. 4 get the configuration, or the reason why not.</remarks>
    /// <exception cref="RuntimeException">Not admitted, or the CAS is not trusted or not there.</exception>
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
            cas = new CasClient(options.Cas, options.CasPolicy, certificate, identity.Time, verifier);
            var configuration = await cas.ConfigureAsync(options.SessionName, options.ServiceName, cancellation).ConfigureAwait(false);
            return new Launch(process, certificate, cas, configuration, identity);
        }
        catch (Exception failure)
        {
            cas?.Dispose();
            certificate?.Dispose();
            process?.Dispose();
            throw failure is CasException refused ? new RuntimeException(refused.Message, details: refused.Problems) : failure;
        }
    }

    public void Dispose()
    {
        Cas.Dispose();
        certificate.Dispose();
        process.Dispose();
    }
}
