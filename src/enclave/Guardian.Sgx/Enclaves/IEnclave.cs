using Guardian.Sgx.Keys;
using Guardian.Sgx.Reports;

namespace Guardian.Sgx.Enclaves;

/// <summary>
/// An enclave as its own code sees it: the instructions EREPORT and EGETKEY. <c>GramineEnclave</c> implements it on hardware,
/// <c>Guardian.Simulation</c> without. Thread-safe.
/// </summary>
public interface IEnclave : IDisposable
{
    /// <summary>The kind of platform that runs it.</summary>
    PlatformKind Platform { get; }

    /// <summary>The enclave's own report body, with zero report data.</summary>
    ReportBody Identity { get; }

    /// <summary>EREPORT: makes a report that the target can check on the same machine.</summary>
    /// <param name="targetInfo">TARGETINFO, 512 bytes.</param>
    /// <param name="reportData">64 bytes.</param>
    /// <returns>REPORT, 432 bytes: body 384, KEYID 32, MAC 16.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument has another size.</exception>
    byte[] CreateReport(ReadOnlySpan<byte> targetInfo, ReadOnlySpan<byte> reportData);

    /// <summary>EGETKEY: derives a key from this platform's own secret and this enclave's identity.</summary>
    /// <param name="request">Names the key.</param>
    /// <param name="key">Receives 16 bytes when the result is <see cref="KeyError.Success"/>, else zeros.</param>
    /// <returns>The instruction's error code.</returns>
    KeyError GetKey(KeyRequest request, Span<byte> key);
}
