using System.Text.Json;

namespace Guardian.Attestation.Collateral;

/// <summary>
/// The answer of <c>pckcerts</c> (PCS API, "Get PCK Certificates"): <c>[{"tcb": {…}, "tcbm": "HEX", "cert": "PEM"}]</c>.
/// </summary>
internal static class PckCertificatesAnswer
{
    // A platform has one certificate for each of its TCB levels; Intel lists about twenty.
    private const int MaxCertificates = 128;
    private const int MaxCertificateSize = 16 * 1024;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    /// <summary>Reads the certificates, which Intel percent-encodes; those that are "Not available" are left out.</summary>
    /// <returns>PEM texts; null when the answer is malformed. Never throws for any content.</returns>
    public static List<string>? TryRead(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            if (document.RootElement.ValueKind != JsonValueKind.Array || document.RootElement.GetArrayLength() > MaxCertificates)
            {
                return null;
            }
            var certificates = new List<string>();
            foreach (var item in document.RootElement.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("cert", out var found)
                    || found.ValueKind != JsonValueKind.String || found.GetString() is not { Length: <= MaxCertificateSize } text)
                {
                    return null;
                }
                if (text != "Not available")
                {
                    certificates.Add(Uri.UnescapeDataString(text).Trim());
                }
            }
            return certificates;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
