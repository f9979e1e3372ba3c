using Guardian.Sgx;
using Guardian.Sgx.Enclaves;
using Guardian.Sgx.Gramine;
using Guardian.Sgx.Measurement;

namespace Guardian.Attestation.Launch;

/// <summary>
/// The running process as an enclave: its identity, its keys and its quotes. Thread-safe, except for <see cref="Dispose"/>.
/// </summary>
public sealed class EnclaveProcess : IDisposable
{
    private readonly Func<EpcCounters>? readEpcCounters;
    private readonly IDisposable? platform;

    /// <summary>Joins the parts of an enclave.</summary>
    /// <param name="enclave">The enclave; this object disposes it.</param>
    /// <param name="quotes">Makes its quotes.</param>
    /// <param name="readEpcCounters">Reads the counters of the EPC; null if the platform hides them from the enclave.</param>
    /// <param name="platform">An object that must stay open while the enclave runs, or null; this object disposes it after the
    /// enclave.</param>
    public EnclaveProcess(
        IEnclave enclave, IQuoteProvider quotes, Func<EpcCounters>? readEpcCounters = null, IDisposable? platform = null)
    {
        (Enclave, Quotes) = (enclave, quotes);
        (this.readEpcCounters, this.platform) = (readEpcCounters, platform);
    }

    /// <summary>The enclave.</summary>
    public IEnclave Enclave { get; }

    /// <summary>Makes its quotes.</summary>
    public IQuoteProvider Quotes { get; }

    /// <summary>Counters of the EPC; null on hardware, where only the host's driver has them.</summary>
    public EpcCounters? EpcCounters => readEpcCounters?.Invoke();

    /// <summary>Opens the hardware platform.</summary>
    /// <returns>The process as an enclave, or null when it does not run in one.</returns>
    /// <exception cref="IOException">Gramine's files cannot be read.</exception>
    /// <exception cref="InvalidDataException">Gramine's files have an unexpected content.</exception>
    public static EnclaveProcess? TryOpenHardware() =>
        GramineEnclave.TryOpen() is { } enclave ? new EnclaveProcess(enclave, new GramineQuotes(enclave)) : null;

    /// <summary>Computes MRENCLAVE of a program folder, as a simulated machine measures it. Needs no platform.</summary>
    /// <param name="programDirectory">The folder whose files are the enclave's code.</param>
    /// <returns>The measurement.</returns>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    public static MrEnclave Measure(string programDirectory) => EnclaveImage.FromFiles(programDirectory).Measure();

    /// <inheritdoc/>
    public void Dispose()
    {
        Enclave.Dispose();
        platform?.Dispose();
    }

    private sealed class GramineQuotes(GramineEnclave enclave) : IQuoteProvider
    {
        public byte[] CreateQuote(ReadOnlySpan<byte> reportData) => enclave.CreateQuote(reportData);
    }
}
