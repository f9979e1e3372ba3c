using System.Security.Cryptography;
using Guardian.Sgx;
using Guardian.Sgx.Enclaves;
using Guardian.Sgx.Keys;
using Guardian.Sgx.Reports;
using Guardian.Simulation.Memory;

namespace Guardian.Simulation.Processor;

/// <summary>An enclave of a simulated machine. Thread-safe.</summary>
public sealed class SimulatedEnclave : IEnclave
{
    private readonly MachineIdentity machine;
    private readonly Epc epc;
    private readonly EpcEnclave loaded;

    internal SimulatedEnclave(MachineIdentity machine, Epc epc, EpcEnclave loaded, ReportBody identity)
    {
        this.machine = machine;
        this.epc = epc;
        this.loaded = loaded;
        Identity = identity;
    }

    /// <inheritdoc/>
    public PlatformKind Platform => PlatformKind.Simulated;

    /// <inheritdoc/>
    public ReportBody Identity { get; }

    /// <inheritdoc/>
    public byte[] CreateReport(ReadOnlySpan<byte> targetInfo, ReadOnlySpan<byte> reportData)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(targetInfo.Length, TargetInfo.Size, nameof(targetInfo));
        ArgumentOutOfRangeException.ThrowIfNotEqual(reportData.Length, ReportBody.ReportDataSize, nameof(reportData));
        var report = new byte[LocalAttestation.ReportSize];
        (Identity with { ReportData = reportData.ToArray() }).Write(report);
        var keyId = report.AsSpan(ReportBody.Size, KeyRequest.KeyIdSize);
        RandomNumberGenerator.Fill(keyId);
        Span<byte> key = stackalloc byte[AesCmac.Size];
        KeyDerivation.DeriveReportKey(machine, targetInfo, keyId, key);
        AesCmac.Compute(key, report.AsSpan(0, ReportBody.Size), report.AsSpan(ReportBody.Size + KeyRequest.KeyIdSize));
        CryptographicOperations.ZeroMemory(key);
        return report;
    }

    /// <inheritdoc/>
    public KeyError GetKey(KeyRequest request, Span<byte> key)
    {
        ArgumentNullException.ThrowIfNull(request);
        return KeyDerivation.GetKey(machine, Identity, request, key);
    }

    /// <summary>Reads the enclave's own memory.</summary>
    /// <inheritdoc cref="Epc.Read"/>
    public void Read(ulong offset, Span<byte> destination) => epc.Read(loaded, offset, destination);

    /// <summary>Writes the enclave's own memory.</summary>
    /// <inheritdoc cref="Epc.Write"/>
    public void Write(ulong offset, ReadOnlySpan<byte> source) => epc.Write(loaded, offset, source);

    /// <summary>EREMOVE of all pages.</summary>
    public void Dispose()
    {
        if (!loaded.IsRemoved)
        {
            epc.Remove(loaded);
        }
    }
}
