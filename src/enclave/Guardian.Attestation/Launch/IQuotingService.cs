namespace Guardian.Attestation.Launch;

/// <summary>The quoting enclave of a machine, for reports of enclaves that other processes run. Thread-safe.</summary>
public interface IQuotingService : IDisposable
{
    /// <summary>An identifier of the platform, 16 bytes.</summary>
    ReadOnlyMemory<byte> PlatformId { get; }

    /// <summary>The platform's CPUSVN, 16 bytes.</summary>
    ReadOnlyMemory<byte> CpuSvn { get; }

    /// <summary>ISVSVN of the quoting enclave.</summary>
    ushort IsvSvn { get; }

    /// <summary>PCESVN.</summary>
    ushort PceSvn { get; }

    /// <summary>Makes a quote of a report.</summary>
    /// <param name="report">The report; its target is the quoting enclave.</param>
    /// <returns>The quote; null when the report is malformed, was not made on this machine, or is for another enclave.</returns>
    byte[]? Quote(ReadOnlySpan<byte> report);
}
