using Guardian.Attestation.Launch;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Verification;
using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;
using Guardian.Simulation.Memory;
using Guardian.Simulation.Processor;
using Guardian.Simulation.Quoting;

namespace Guardian.Simulation;

/// <summary>The entry to simulation: the root that simulated quotes chain to, and the launch of a program on a simulated machine.</summary>
/// <remarks>Only executables reference this assembly, and a build with <c>-p:Simulation=false</c> leaves it out.</remarks>
public static class SimulatedPlatforms
{
    // The security version rises with a fix that policies should be able to require.
    private const ushort IsvSvn = 1;

    // x87 and SSE state: the minimum of every enclave.
    private const ulong Xfrm = 3;

    /// <summary>
    /// The root of simulated platforms. Its private key is public (docs/decisions/0001), so a quote under it protects nothing. Its quoting
    /// enclave is pinned, and it needs no collateral.
    /// </summary>
    public static TrustAnchor Anchor { get; } = TrustAnchor.Pinned(
        SimulatedPki.RootName, PlatformKind.Simulated, SimulatedPki.RootKey, SimulatedQuotingEnclave.ExpectedIdentity);

    /// <summary>Hardware, and simulation where there is none. Policies decide whether they accept a simulated peer.</summary>
    public static PlatformSupport Support { get; } = new([TrustAnchor.Intel, Anchor], Launch)
    {
        SimulateQuoting = OpenQuoting,
        SimulatedQuotingTarget = SimulatedQuotingEnclave.Target,
    };

    /// <summary>Verifies quotes of simulated platforms. It has no collateral, so it refuses hardware.</summary>
    public static EvidenceVerifier Verifier { get; } = new([Anchor], collateral: null);

    /// <summary>Launches a program as an enclave of a simulated machine, measured over the program's own files.</summary>
    /// <param name="programDirectory">The folder whose files are the enclave's code. An <c>enclave.sigstruct</c> in it is the vendor's
    /// signature; without one, the machine's development key signs.</param>
    /// <param name="machineDirectory">The folder with the machine's identity; created at first use.</param>
    /// <param name="product">The ISVPRODID that the development key signs.</param>
    /// <param name="epcSize">Bytes of EPC, or null for <see cref="SimulatedPlatform.DefaultEpcSize"/>.</param>
    /// <returns>The process as an enclave.</returns>
    /// <exception cref="RefusedException">EINIT refuses the enclave, or the EPC is too small for it.</exception>
    /// <exception cref="InvalidDataException">A file of the machine is damaged.</exception>
    public static EnclaveProcess Launch(string programDirectory, string machineDirectory, EnclaveProduct product, long? epcSize)
    {
        var machine = SimulatedPlatform.Open(machineDirectory, epcSize ?? SimulatedPlatform.DefaultEpcSize);
        SimulatedQuotingEnclave? quotingEnclave = null;
        try
        {
            quotingEnclave = SimulatedQuotingEnclave.Open(machine);
            var image = EnclaveImage.FromFiles(programDirectory);
            var enclave = machine.Launch(image, FindSigStruct(programDirectory, machineDirectory, product, image));
            return new EnclaveProcess(
                enclave, quotingEnclave.ProviderFor(enclave), () => machine.Counters, new Machine(machine, quotingEnclave));
        }
        catch (Exception failure)
        {
            quotingEnclave?.Dispose();
            machine.Dispose();
            if (failure is EpcException)
            {
                throw new RefusedException(SimulationReasons.LaunchRefused.Because(failure.Message, new RefusalLocation("epc")), failure);
            }
            throw;
        }
    }

    // The quoting enclave alone, for the enclaves of other processes on the same machine.
    private static QuotingMachine OpenQuoting(string machineDirectory)
    {
        var machine = SimulatedPlatform.Open(machineDirectory);
        try
        {
            return new QuotingMachine(machine, SimulatedQuotingEnclave.Open(machine));
        }
        catch
        {
            machine.Dispose();
            throw;
        }
    }

    private static SigStruct FindSigStruct(
        string programDirectory, string machineDirectory, EnclaveProduct product, EnclaveImage image)
    {
        var path = Path.Combine(programDirectory, "enclave.sigstruct");
        if (File.Exists(path))
        {
            return SigStruct.TryRead(File.ReadAllBytes(path), out var signed)
                ? signed!
                : throw new InvalidDataException($"{path} is no SIGSTRUCT; sign the program again or remove the file");
        }
        using var signer = EnclaveSigner.LoadOrCreate(Path.Combine(machineDirectory, "development-signer.pem"));
        return signer.Sign(
            image.Measure(), (ushort)product, IsvSvn, new EnclaveAttributes(AttributeFlags.Mode64Bit, Xfrm), new DateOnly(2026, 1, 1));
    }

    private sealed class QuotingMachine(SimulatedPlatform machine, SimulatedQuotingEnclave quotingEnclave) : IQuotingService
    {
        public ReadOnlyMemory<byte> PlatformId => quotingEnclave.Id;

        public ReadOnlyMemory<byte> CpuSvn => machine.CpuSvn;

        public ushort IsvSvn => quotingEnclave.IsvSvn;

        public ushort PceSvn => SimulatedQuotingEnclave.PceSvn;

        public byte[]? Quote(ReadOnlySpan<byte> report) => quotingEnclave.Quote(report);

        public void Dispose()
        {
            quotingEnclave.Dispose();
            machine.Dispose();
        }
    }

    private sealed class Machine(SimulatedPlatform machine, SimulatedQuotingEnclave quotingEnclave) : IDisposable
    {
        public void Dispose()
        {
            quotingEnclave.Dispose();
            machine.Dispose();
        }
    }
}
