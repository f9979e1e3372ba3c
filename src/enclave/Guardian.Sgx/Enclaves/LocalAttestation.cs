using System.Security.Cryptography;
using Guardian.Sgx.Keys;
using Guardian.Sgx.Reports;

namespace Guardian.Sgx.Enclaves;

/// <summary>Checks reports that enclaves of one machine make for each other. Thread-safe.</summary>
public static class LocalAttestation
{
    /// <summary>Size of a REPORT in bytes: body 384, KEYID 32, MAC 16.</summary>
    public const int ReportSize = ReportBody.Size + KeyRequest.KeyIdSize + AesCmac.Size;

    /// <summary>Verifies a report as the target's own code does: gets its report key and checks the MAC.</summary>
    /// <param name="target">The enclave that the report is for.</param>
    /// <param name="report">Exactly <see cref="ReportSize"/> bytes; any other size is not valid.</param>
    /// <returns>Whether the report was made on this machine, for this target.</returns>
    public static bool VerifyReport(IEnclave target, ReadOnlySpan<byte> report)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (report.Length != ReportSize)
        {
            return false;
        }
        Span<byte> key = stackalloc byte[AesCmac.Size];
        var request = new KeyRequest { Name = KeyName.Report, KeyId = report.Slice(ReportBody.Size, KeyRequest.KeyIdSize).ToArray() };
        if (target.GetKey(request, key) != KeyError.Success)
        {
            return false;
        }
        Span<byte> mac = stackalloc byte[AesCmac.Size];
        AesCmac.Compute(key, report[..ReportBody.Size], mac);
        CryptographicOperations.ZeroMemory(key);
        return CryptographicOperations.FixedTimeEquals(mac, report[^AesCmac.Size..]);
    }
}
