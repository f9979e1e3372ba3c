namespace Guardian.Attestation.Launch;

/// <summary>Makes quotes (RFC 9334: evidence) of the enclave that it belongs to. Thread-safe.</summary>
public interface IQuoteProvider
{
    /// <summary>Makes a quote.</summary>
    /// <param name="reportData">REPORTDATA, 64 bytes.</param>
    /// <returns>The quote.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="reportData"/> does not have 64 bytes.</exception>
    byte[] CreateQuote(ReadOnlySpan<byte> reportData);
}
