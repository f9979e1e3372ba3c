using Guardian.Sgx;

namespace Guardian.Attestation;

/// <summary>A root of trust, pinned by its key, and the quoting enclave that may quote under it.</summary>
internal sealed record TrustAnchor(string Name, PlatformKind Platform, ReadOnlyMemory<byte> RootKey, QuotingEnclaveIdentity? QuotingEnclave)
{
    /// <summary>
    /// Intel's root, valid to 2049 (an older certificate of it has the same key). Which quoting enclaves are good is said by Intel's signed
    /// identity document, not here.
    /// </summary>
    public static TrustAnchor Intel { get; } = new(
        "Intel SGX Root CA",
        PlatformKind.Hardware,
        Convert.FromHexString("0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f567918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394"),
        QuotingEnclave: null);

    /// <summary>The simulated root. Its private key is public: see <see cref="SimulatedPki"/>.</summary>
    public static TrustAnchor Simulated { get; } = new(
        SimulatedPki.RootName, PlatformKind.Simulated, SimulatedPki.RootKey, SimulatedQuotingEnclave.ExpectedIdentity);

    private static TrustAnchor[] All => [Intel, Simulated];

    /// <summary>The anchor with that root key (x and y), or null.</summary>
    public static TrustAnchor? Find(ReadOnlySpan<byte> rootKey)
    {
        foreach (var anchor in All)
        {
            if (anchor.RootKey.Span.SequenceEqual(rootKey))
            {
                return anchor;
            }
        }
        return null;
    }
}

/// <summary>Which quoting enclaves are good, by the rules of Intel's QE identity: fields equal under their masks.</summary>
internal sealed record QuotingEnclaveIdentity(
    MrSigner MrSigner, ushort IsvProdId, ushort MinimumIsvSvn, EnclaveAttributes Attributes, EnclaveAttributes AttributesMask, uint MiscSelect, uint MiscSelectMask)
{
    /// <summary>The first field that does not match, or null.</summary>
    public string? FindMismatch(ReportBody report) =>
        report.MrSigner != MrSigner ? $"MRSIGNER {report.MrSigner}"
        : report.IsvProdId != IsvProdId ? $"ISVPRODID {report.IsvProdId}"
        : report.IsvSvn < MinimumIsvSvn ? $"ISVSVN {report.IsvSvn}"
        : report.Attributes.Masked(AttributesMask) != Attributes ? $"ATTRIBUTES 0x{(ulong)report.Attributes.Flags:x}"
        : (report.MiscSelect & MiscSelectMask) != MiscSelect ? $"MISCSELECT 0x{report.MiscSelect:x}"
        : null;
}
