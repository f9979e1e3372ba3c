using Guardian.Attestation.Collateral;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Launch;
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

    private readonly StartDetails details;

    private Launch(EnclaveProcess process, CasClient cas, StartupConfiguration configuration, Workload workload, StartDetails details)
    {
        (this.process, this.details) = (process, details);
        (Cas, Configuration, Workload) = (cas, configuration, workload);
    }

    /// <summary>The CAS. Only this client has the key of the runtime's evidence, so nothing that the program can use has it.</summary>
    public CasClient Cas { get; }

    public StartupConfiguration Configuration { get; }

    /// <summary>The service's identity for its connections.</summary>
    public Workload Workload { get; }

    /// <summary>Derives the key that authenticates compiled programs. Only this runtime's code on this machine can derive it.</summary>
    /// <param name="key">Receives <see cref="Guardian.Wasi.Engine.ModuleCache.KeySize"/> bytes.</param>
    public void DeriveModuleKey(Span<byte> key) => Sealing.DeriveKey(process.Enclave, "guardian-runtime compiled modules"u8, key);

    public bool IsSimulated => process.Enclave.Platform == PlatformKind.Simulated;

    /// <remarks>1 launch as an enclave. 2 verify the CAS in the handshake. 3 create a TLS key inside, and quote it for the start of this
    /// service at this CAS. 4 get the configuration, or the reason for its refusal.</remarks>
    /// <exception cref="RefusedException">The CAS does not admit the runtime, is not trusted or is unreachable.</exception>
    /// <param name="program">SHA-256 of the program, 64 lower-case hex digits; null when the measurement covers it.</param>
    /// <param name="log">Receives messages for the host.</param>
    /// <param name="code">The folder that a simulated machine measures; null for this executable's.</param>
    /// <param name="product">The product that a simulated machine signs.</param>
    public static async Task<Launch> StartAsync(
        RuntimeOptions options, string? program, Action<string> log, CancellationToken cancellation, string? code = null,
        EnclaveProduct product = EnclaveProduct.Runtime)
    {
        var details = new StartDetails(program, options.Replica, options.StartToken);
        EnclaveProcess? process = null;
        CasClient? cas = null;
        Workload? workload = null;
        try
        {
            process = WritableFolder.Use(
                options.Machine, "the simulated machine",
                "name one that can be written: --machine DIR or GUARDIAN_MACHINE; GUARDIAN_STATE names one for all that is kept",
                () => BuiltPlatforms.Support.Open(code ?? AppContext.BaseDirectory, options.Machine, product));
            var verifier = new EvidenceVerifier(BuiltPlatforms.Support.Anchors, new CollateralStore(options.Collateral));
            workload = new Workload(TimeProvider.System);
            try
            {
                cas = await CasWait.RunAsync(options.Cas, options.CasWait, log, attempt => CasClient.ConnectEnclaveAsync(
                    options.Cas, options.CasPolicy, options.CasPins,
                    identity => EvidenceContext.RuntimeLaunch(identity, options.SessionName, options.ServiceName), process.Quotes,
                    TimeProvider.System, verifier, attempt), cancellation).ConfigureAwait(false);
                var configuration = await cas.ConfigureAsync(
                    options.SessionName, options.ServiceName, workload.PublicKey, details, cancellation).ConfigureAwait(false);
                if (configuration.Workload is { } certificate)
                {
                    workload.Accept(certificate);
                }
                return new Launch(process, cas, configuration, workload, details);
            }
            catch (RefusedException failure)
                when (failure.Refusal.Reason != RuntimeReasons.BadConfiguration && failure.Refusal.Reason != RuntimeReasons.NoCas)
            {
                var refusal = failure.Refusal;
                throw new RefusedException(
                    RuntimeReasons.NotAdmitted.Because(refusal.Detail) with { Problems = refusal.Problems }, failure);
            }
        }
        catch
        {
            cas?.Dispose();
            workload?.Dispose();
            process?.Dispose();
            throw;
        }
    }

    /// <summary>Renews the workload certificate from now on, if a connection of the service needs it.</summary>
    public void RenewWorkload(Action<string> log)
    {
        var network = Configuration.Network;
        if (network.Listen.Any(each => each.Protocol == NetworkProtocol.Attested)
            || network.Connect.Any(each => each.Protocol == NetworkProtocol.Attested))
        {
            Workload.StartRenewing(
                (key, cancellation) => Cas.RenewWorkloadAsync(
                    Configuration.Session, Configuration.Service, key, details with { Token = null }, cancellation), log);
        }
    }

    public void Dispose()
    {
        // Its renewal uses the CAS.
        Workload.Dispose();
        Cas.Dispose();
        process.Dispose();
    }
}
