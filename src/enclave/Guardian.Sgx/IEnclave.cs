using Guardian.Sgx.Gramine;
using Guardian.Sgx.Keys;

namespace Guardian.Sgx;

/// <summary>Where an enclave runs. A simulated platform is never taken for hardware.</summary>
public enum PlatformKind
{
    /// <summary>A processor with SGX.</summary>
    Hardware,

    /// <summary>SGX's formats and checks without its protection.</summary>
    Simulated,
}

/// <summary>
/// An enclave as its own code sees it: the instructions EREPORT and EGETKEY. <see cref="SimulatedEnclave"/> and
/// <see cref="GramineEnclave"/> implement it. Thread-safe.
/// </summary>
public interface IEnclave : IDisposable
{
    /// <summary>Where it runs.</summary>
    PlatformKind Platform { get; }

    /// <summary>The enclave's own report body, with zero report data.</summary>
    ReportBody Identity { get; }

    /// <summary>EREPORT: a report that the target can check on the same machine.</summary>
    /// <param name="targetInfo">TARGETINFO, 512 bytes.</param>
    /// <param name="reportData">64 bytes.</param>
    /// <returns>REPORT, 432 bytes: body 384, KEYID 32, MAC 16.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument has another size.</exception>
    byte[] CreateReport(ReadOnlySpan<byte> targetInfo, ReadOnlySpan<byte> reportData);

    /// <summary>EGETKEY: derives a key from this platform's own secret and this enclave's identity.</summary>
    /// <param name="request">Which key.</param>
    /// <param name="key">Receives 16 bytes when the result is <see cref="KeyError.Success"/>, else zeros.</param>
    /// <returns>The instruction's error code.</returns>
    KeyError GetKey(KeyRequest request, Span<byte> key);
}
