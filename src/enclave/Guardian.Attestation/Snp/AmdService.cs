using System.Globalization;

namespace Guardian.Attestation.Snp;

/// <summary>The addresses of AMD's key distribution service (57230) for the documents of a platform.</summary>
internal static class AmdService
{
    private const string Address = "https://kdsintf.amd.com";

    /// <summary>Says where the documents of a report's platform are; null if the report does not name its product (version 2).</summary>
    public static string? Describe(SnpReport report)
    {
        if (report.FindProduct() is not { } product || SnpTcb.TryRead(report.ReportedTcb, report.IsTurin == true) is not { } tcb)
        {
            return null;
        }
        if (report.Signer == SnpSigner.Vlek)
        {
            return $"the provider gives the VLEK certificate as vlek.der; get {Address}/vlek/v1/{product}/cert_chain as chain.pem and "
                + $"{Address}/vlek/v1/{product}/crl as crl.der";
        }
        // Turin's identifier has 8 bytes.
        var chip = Convert.ToHexStringLower(report.ChipId.Span[..(report.IsTurin == true ? 8 : 64)]);
        var fmc = tcb.Fmc is { } number ? string.Create(CultureInfo.InvariantCulture, $"fmcSPL={number}&") : "";
        var versions = string.Create(
            CultureInfo.InvariantCulture, $"{fmc}blSPL={tcb.Bootloader}&teeSPL={tcb.Tee}&snpSPL={tcb.Snp}&ucodeSPL={tcb.Microcode}");
        return $"get {Address}/vcek/v1/{product}/{chip}?{versions} as vcek.der, {Address}/vcek/v1/{product}/cert_chain as chain.pem and "
            + $"{Address}/vcek/v1/{product}/crl as crl.der";
    }
}
