using System.Security.Cryptography;
using Guardian.Sgx.Keys;

namespace Guardian.Sgx;

/// <summary>Checks reports that enclaves of one machine make for each other.</summary>
public static class LocalAttestation
{
    /// <summary>Bytes of a REPORT: body 384, KEYID 32, MAC 16.</summary>
    public const int ReportSize = ReportBody.Size + KeyRequest.KeyIdSize + AesCmac.Size;

    /// <summary>Runs as the target's own code would: gets its report key and checks the MAC.</summary>
    /// <param name="report">Exactly <see cref="ReportSize"/> bytes; anything else is not valid.</param>
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
