using System.Collections.Concurrent;
using System.Security.Cryptography;
using Guardian.Attestation.Pki;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Attestation.Verification;

/// <summary>A root of trust, pinned by its key: a certificate of the same name with another key is a stranger.</summary>
public sealed class TrustAnchor
{
    // SHA-256 of the public key of Guardian's simulated root. Its private key is public (docs/decisions/0001).
    private static readonly byte[] PublishedRootKey =
        Convert.FromHexString("a3bcba5bd8fe1cb7ca8c40a0603efae4dd2b23d3d3fdfa4aa41b0f96e874c152");

    // SHA-256 of a certificate of the root that is known to be good; empty when none is. Whether another one is signed by the root has to
    // be verified.
    private readonly byte[] knownCertificate;

    // Imported keys: importing costs twice a verification, and each serves one thread at a time.
    private readonly ConcurrentBag<P256Key> keys = [];

    private TrustAnchor(
        string name, PlatformKind platform, ReadOnlyMemory<byte> rootKey, QuotingEnclaveIdentity? quotingEnclave, byte[] knownCertificate)
    {
        (Name, Platform, RootKey, QuotingEnclave, this.knownCertificate) = (name, platform, rootKey, quotingEnclave, knownCertificate);
    }

    /// <summary>
    /// Intel's root, valid to 2049 (an older certificate of it has the same key). Which quoting enclaves are good is said by Intel's signed
    /// identity document.
    /// </summary>
    public static TrustAnchor Intel { get; } = new(
        "Intel SGX Root CA",
        PlatformKind.Hardware,
        Convert.FromHexString(
        "0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f567918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394"),
        quotingEnclave: null,
        knownCertificate: Convert.FromHexString("44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3"));

    /// <summary>A root whose quoting enclave is pinned, so that it needs no collateral. Only <c>Guardian.Simulation</c> makes
    /// one.</summary>
    internal static TrustAnchor Pinned(
        string name, PlatformKind platform, ReadOnlyMemory<byte> rootKey, QuotingEnclaveIdentity quotingEnclave) =>
        new(name, platform, rootKey, quotingEnclave, knownCertificate: []);

    /// <summary>Name of the root.</summary>
    public string Name { get; }

    /// <summary>What it vouches for.</summary>
    public PlatformKind Platform { get; }

    /// <summary>x and y, 64 bytes.</summary>
    internal ReadOnlyMemory<byte> RootKey { get; }

    /// <summary>The quoting enclave that may quote, where no collateral says so.</summary>
    internal QuotingEnclaveIdentity? QuotingEnclave { get; }

    /// <summary>Makes an anchor from the certificate of a root. The published root of simulated platforms is refused: it never passes for
    /// hardware.</summary>
    /// <param name="certificate">PEM, of which the first certificate counts, or DER.</param>
    /// <returns>The anchor, or null when there is no certificate with a P-256 key, or its private key is published.</returns>
    public static TrustAnchor? FromCertificate(ReadOnlySpan<byte> certificate)
    {
        var root = certificate.Length > 0 && certificate[0] == 0x30
            ? Certificate.TryRead(certificate.ToArray())
            : CertificatePem.ReadAll(certificate, most: 1).FirstOrDefault();
        if (root?.PublicKey is not { } point)
        {
            return null;
        }
        if (Find([Intel], root) is { } known)
        {
            return known;
        }
        if (SHA256.HashData(point.Span).AsSpan().SequenceEqual(PublishedRootKey))
        {
            return null;
        }
        using var key = P256Key.TryImport(point.Span);
        return key is null ? null : new TrustAnchor(
            root.SubjectCommonName, PlatformKind.Hardware, point.ToArray(), quotingEnclave: null, root.IsSignedBy(key)
                ? SHA256.HashData(root.Der.Span)
                : []);
    }

    /// <summary>Takes the root's key for use by one thread; to be given back.</summary>
    internal P256Key TakeKey() => keys.TryTake(out var key) ? key : P256Key.TryImport(RootKey.Span)!;

    /// <summary>Gives back what <see cref="TakeKey"/> gave.</summary>
    internal void GiveBack(P256Key key) => keys.Add(key);

    /// <summary>Whether these are the bytes of the root's certificate as it is known; then its own signature says nothing more.</summary>
    internal bool Knows(Certificate root) => SHA256.HashData(root.Der.Span).AsSpan().SequenceEqual(knownCertificate);

    /// <summary>The anchor that has a certificate's key, or null.</summary>
    internal static TrustAnchor? Find(IReadOnlyList<TrustAnchor> anchors, Certificate certificate) =>
        certificate.PublicKey is { } key ? anchors.FirstOrDefault(anchor => anchor.RootKey.Span.SequenceEqual(key.Span)) : null;
}

/// <summary>Which quoting enclaves are good, by the rules of Intel's QE identity: fields equal under their masks.</summary>
internal sealed record QuotingEnclaveIdentity(
    MrSigner MrSigner, ushort IsvProdId, ushort MinimumIsvSvn, EnclaveAttributes Attributes, EnclaveAttributes AttributesMask,
    uint MiscSelect, uint MiscSelectMask)
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
