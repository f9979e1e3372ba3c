using System.Collections.Concurrent;
using System.Security.Cryptography;
using Guardian.Attestation.Quotes;
using Guardian.Sgx;

namespace Guardian.Attestation.Pki;

/// <summary>
/// A root of trust, pinned by its key: a certificate of the same name with another key is not trusted. Immutable and thread-safe.
/// </summary>
public sealed class TrustAnchor
{
    // SHA-256 of the public key of Guardian's simulated root. Its private key is public (docs/decisions/0001).
    private static readonly byte[] PublishedRootKey =
        Convert.FromHexString("a3bcba5bd8fe1cb7ca8c40a0603efae4dd2b23d3d3fdfa4aa41b0f96e874c152");

    // SubjectPublicKeyInfo of a P-256 key up to its x and y.
    private static readonly byte[] P256PublicKeyPrefix =
        Convert.FromHexString("3059301306072a8648ce3d020106082a8648ce3d03010703420004");

    // SHA-256 of a certificate of the root with a verified signature; empty if there is none.
    private readonly byte[] knownCertificate;

    // Imported keys. An import costs two verifications, and each key serves one thread at a time.
    private readonly ConcurrentBag<P256Key> keys = [];

    private TrustAnchor(
        string name, PlatformKind platform, ReadOnlyMemory<byte> rootKey, QuotingEnclaveIdentity? quotingEnclave, byte[] knownCertificate)
    {
        (Name, Platform, RootKey, QuotingEnclave, this.knownCertificate) = (name, platform, rootKey, quotingEnclave, knownCertificate);
    }

    /// <summary>
    /// Intel's SGX root, valid to 2049; an older certificate of it has the same key. Intel's signed identity document names its quoting
    /// enclaves.
    /// </summary>
    public static TrustAnchor Intel { get; } = new(
        "Intel SGX Root CA",
        PlatformKind.Hardware,
        Convert.FromHexString(
            "0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5"
            + "67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394"),
        quotingEnclave: null,
        knownCertificate: Convert.FromHexString("44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3"));

    /// <summary>
    /// Makes a root whose quoting enclave is pinned, so that it needs no collateral. Only <c>Guardian.Simulation</c> makes one.
    /// </summary>
    internal static TrustAnchor Pinned(
        string name, PlatformKind platform, ReadOnlyMemory<byte> rootKey, QuotingEnclaveIdentity quotingEnclave) =>
        new(name, platform, rootKey, quotingEnclave, knownCertificate: []);

    /// <summary>
    /// The root's name: the common name of its certificate. Anyone can write Intel's name into a certificate, so the name of a root that
    /// <see cref="FromCertificate"/> made begins with <c>not Intel's</c> unless it has Intel's key.
    /// </summary>
    public string Name { get; }

    /// <summary>The kind of platform that the root vouches for.</summary>
    public PlatformKind Platform { get; }

    /// <summary>SHA-256 of the root's public key as SubjectPublicKeyInfo in DER, 64 lower-case hex digits.</summary>
    public string KeyHash => Convert.ToHexStringLower(SHA256.HashData([.. P256PublicKeyPrefix, .. RootKey.Span]));

    /// <summary>Whether the root has Intel's key.</summary>
    public bool IsIntel => RootKey.Span.SequenceEqual(Intel.RootKey.Span);

    /// <summary>x and y, 64 bytes.</summary>
    internal ReadOnlyMemory<byte> RootKey { get; }

    /// <summary>The only quoting enclave that may quote; null if collateral names it.</summary>
    internal QuotingEnclaveIdentity? QuotingEnclave { get; }

    /// <summary>Makes an anchor from the certificate of a root.</summary>
    /// <param name="certificate">DER, or PEM; of several certificates in PEM the first is read.</param>
    /// <returns>The anchor. Null if there is no certificate with a P-256 key, or if it is the published root of simulated platforms, which
    /// never passes for hardware. Never throws for any content.</returns>
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
            $"not Intel's: {root.SubjectCommonName}", PlatformKind.Hardware, point.ToArray(), quotingEnclave: null,
            root.IsSignedBy(key) ? SHA256.HashData(root.Der.Span) : []);
    }

    /// <summary>Returns the root's key for use by one thread, until <see cref="ReturnKey"/>.</summary>
    internal P256Key RentKey() => keys.TryTake(out var key) ? key : P256Key.TryImport(RootKey.Span)!;

    /// <summary>Ends the use of a key from <see cref="RentKey"/>.</summary>
    internal void ReturnKey(P256Key key) => keys.Add(key);

    /// <summary>Whether the root's signature over this certificate was verified before.</summary>
    internal bool HasVerified(Certificate root) => SHA256.HashData(root.Der.Span).AsSpan().SequenceEqual(knownCertificate);

    /// <summary>Finds the anchor that has a certificate's key, or null.</summary>
    internal static TrustAnchor? Find(IReadOnlyList<TrustAnchor> anchors, Certificate certificate) =>
        certificate.PublicKey is { } key ? anchors.FirstOrDefault(anchor => anchor.RootKey.Span.SequenceEqual(key.Span)) : null;
}
