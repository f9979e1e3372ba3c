using System.Globalization;
using Guardian.Attestation.Simulated;
using Guardian.Sgx;
using Guardian.Sgx.Epc;
using Guardian.Sgx.Gramine;
using Guardian.Sgx.Measurement;
using Guardian.Sgx.Simulated;

namespace Guardian.Attestation.Launch;

/// <summary>
/// The running process as an enclave: on a hardware platform what <c>/dev/attestation</c> offers; else an enclave of a simulated machine,
/// measured over the program's own files.
/// </summary>
public sealed class EnclaveProcess : IDisposable
{
    // Our programs' place in their signer's products; the security version rises with a fix that policies should be able to demand.
    private const ushort IsvProdId = 1;
    private const ushort IsvSvn = 1;

    // x87 and SSE state: what every enclave has.
    private const ulong Xfrm = 3;

    private readonly SimulatedPlatform? machine;
    private readonly SimulatedQuotingEnclave? quotingEnclave;

    private EnclaveProcess(GramineEnclave enclave)
    {
        Enclave = enclave;
        Quotes = new GramineQuotes(enclave);
    }

    private EnclaveProcess(SimulatedPlatform machine, SimulatedEnclave enclave, SimulatedQuotingEnclave quotingEnclave)
    {
        this.machine = machine;
        this.quotingEnclave = quotingEnclave;
        Enclave = enclave;
        Quotes = quotingEnclave.ProviderFor(enclave);
    }

    /// <summary>The enclave.</summary>
    public IEnclave Enclave { get; }

    /// <summary>Its quotes.</summary>
    public IQuoteProvider Quotes { get; }

    /// <summary>Counters of the simulated EPC; null on hardware, where the host's driver has them.</summary>
    public EpcCounters? EpcCounters => machine?.Counters;

    /// <summary>Opens the platform and, where it is simulated, launches the enclave.</summary>
    /// <param name="programDirectory">The folder whose files are the enclave's code. An <c>enclave.sigstruct</c> in it is the vendor's signature; without
    /// one, the machine's development key signs.</param>
    /// <param name="machineDirectory">Where a simulated machine keeps its identity; unused on hardware.</param>
    /// <exception cref="EnclaveLaunchException">The signature is not for these files.</exception>
    /// <exception cref="InvalidDataException">A file of the machine is damaged.</exception>
    public static EnclaveProcess Open(string programDirectory, string machineDirectory, long epcSize = SimulatedPlatform.DefaultEpcSize)
    {
        if (GramineEnclave.TryOpen() is { } hardware)
        {
            return new EnclaveProcess(hardware);
        }
        var machine = SimulatedPlatform.Open(machineDirectory, epcSize);
        SimulatedQuotingEnclave? quotingEnclave = null;
        try
        {
            quotingEnclave = SimulatedQuotingEnclave.Open(machine);
            var image = EnclaveImage.FromFiles(programDirectory);
            return new EnclaveProcess(machine, machine.Launch(image, FindSigStruct(programDirectory, machineDirectory, image)), quotingEnclave);
        }
        catch
        {
            quotingEnclave?.Dispose();
            machine.Dispose();
            throw;
        }
    }

    /// <summary>MRENCLAVE of a program folder, as <see cref="Open"/> would measure it. Needs no platform.</summary>
    public static MrEnclave Measure(string programDirectory) => EnclaveImage.FromFiles(programDirectory).Measure();

    /// <inheritdoc/>
    public void Dispose()
    {
        Enclave.Dispose();
        quotingEnclave?.Dispose();
        machine?.Dispose();
    }

    private static SigStruct FindSigStruct(string programDirectory, string machineDirectory, EnclaveImage image)
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
            image.Measure(), IsvProdId, IsvSvn, new EnclaveAttributes(AttributeFlags.Mode64Bit, Xfrm),
            DateOnly.ParseExact("2026-01-01", "yyyy-MM-dd", CultureInfo.InvariantCulture));
    }

    private sealed class GramineQuotes(GramineEnclave enclave) : IQuoteProvider
    {
        public byte[] CreateQuote(ReadOnlySpan<byte> reportData) => enclave.CreateQuote(reportData);
    }
}
