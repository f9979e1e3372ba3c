namespace Guardian.Attestation.Launch;

/// <summary>Turns report data into a quote (Evidence) of the enclave it belongs to. Thread-safe.</summary>
public interface IQuoteProvider
{
    /// <param name="reportData">64 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer or more.</exception>
    byte[] CreateQuote(ReadOnlySpan<byte> reportData);
}
