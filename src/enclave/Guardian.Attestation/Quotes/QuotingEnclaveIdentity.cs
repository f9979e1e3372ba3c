using Guardian.Sgx;
using Guardian.Sgx.Measurement;
using Guardian.Sgx.Reports;

namespace Guardian.Attestation.Quotes;

/// <summary>The quoting enclaves that may quote, by the rules of Intel's QE identity: fields equal under their masks.</summary>
internal sealed record QuotingEnclaveIdentity(
    MrSigner MrSigner, ushort IsvProdId, ushort MinimumIsvSvn, EnclaveAttributes Attributes, EnclaveAttributes AttributesMask,
    uint MiscSelect, uint MiscSelectMask)
{
    /// <summary>Finds the first field that does not match, or null.</summary>
    public string? FindMismatch(ReportBody report) =>
        report.MrSigner != MrSigner ? $"MRSIGNER {report.MrSigner}"
        : report.IsvProdId != IsvProdId ? $"ISVPRODID {report.IsvProdId}"
        : report.IsvSvn < MinimumIsvSvn ? $"ISVSVN {report.IsvSvn}"
        : report.Attributes.Masked(AttributesMask) != Attributes ? $"ATTRIBUTES 0x{(ulong)report.Attributes.Flags:x}"
        : (report.MiscSelect & MiscSelectMask) != MiscSelect ? $"MISCSELECT 0x{report.MiscSelect:x}"
        : null;
}
