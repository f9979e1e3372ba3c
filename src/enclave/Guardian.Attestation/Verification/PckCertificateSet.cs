using System.Buffers.Binary;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Verification;

/// <summary>A verified PCK certificate. Immutable.</summary>
/// <param name="Pem">The certificate, PEM.</param>
/// <param name="Extension">The platform, and the security versions that the certificate stands for.</param>
/// <param name="NotBefore">The first valid instant.</param>
/// <param name="NotAfter">The last valid instant.</param>
public sealed record PckCertificate(string Pem, PckExtension Extension, DateTimeOffset NotBefore, DateTimeOffset NotAfter)
{
    /// <summary>TCBm, as Intel's services name the level: CPUSVN (16 bytes) and PCESVN (2 bytes, little-endian), in upper-case hex
    /// (PCS API, header SGX-TCBm).</summary>
    public string TcbLevel
    {
        get
        {
            var pceSvn = new byte[sizeof(ushort)];
            BinaryPrimitives.WriteUInt16LittleEndian(pceSvn, Extension.PceSvn);
            return Convert.ToHexString(Extension.CpuSvn.Span) + Convert.ToHexString(pceSvn);
        }
    }
}

/// <summary>The PCK certificates of one platform, one for each TCB level that Intel has certified. Immutable and thread-safe.</summary>
public sealed class PckCertificateSet
{
    // As many as the answer of a service may have.
    private const int MaxCertificates = 128;

    private PckCertificateSet(IReadOnlyList<PckCertificate> certificates, string authority, string issuerChain) =>
        (Certificates, Authority, IssuerChain) = (certificates, authority, issuerChain);

    /// <summary>The certificates, never empty; after <see cref="Order"/> the best first.</summary>
    public IReadOnlyList<PckCertificate> Certificates { get; }

    /// <summary>The issuer, as the PCS API names it: <c>processor</c> or <c>platform</c>.</summary>
    public string Authority { get; }

    /// <summary>The certificates of the issuer and its root, PEM.</summary>
    public string IssuerChain { get; }

    /// <summary>FMSPC, 6 bytes.</summary>
    public ReadOnlyMemory<byte> Fmspc => Certificates[0].Extension.Fmspc;

    /// <summary>PCE-ID, 2 bytes, big-endian as in certificates.</summary>
    public ReadOnlyMemory<byte> PceId => Certificates[0].Extension.PceId;

    /// <summary>The platform, for services and stores.</summary>
    public PlatformId Platform => new(Convert.ToHexStringLower(Fmspc.Span), Authority, TeeType.Sgx);

    /// <summary>Verifies certificates in PEM: those of the platform, then their issuer and the root in either order.</summary>
    /// <param name="pem">At most 130 certificates.</param>
    /// <param name="options">The roots of trust.</param>
    /// <returns>The certificates, or the first refusal: also when they are of two platforms. Validity is left to
    /// <see cref="Select"/>. Never throws for any content.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public static Outcome<PckCertificateSet> Verify(ReadOnlyMemory<byte> pem, VerifierOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var read = CertificatePem.ReadAll(pem.Span, most: MaxCertificates + 3);
        if (read.Count is < 3 or > MaxCertificates + 2 || read.Contains(null))
        {
            return QuoteReasons.BadChain.At(
                QuoteStage.CertificateChain,
                $"the file is not PEM of 1 to {MaxCertificates} PCK certificates and of two more, their issuer and the root");
        }
        var (issuer, refusal) = PckIssuer.Verify(read[^2]!, read[^1]!, options.Anchors, QuoteStage.CertificateChain);
        using var pckIssuer = issuer;
        if (pckIssuer is null)
        {
            return refusal!;
        }
        var certificates = new List<PckCertificate>();
        foreach (var leaf in read.SkipLast(2))
        {
            refusal = PckChain.Check(
                leaf!, pckIssuer.Authority, pckIssuer.AuthorityKey, PckChain.LeafName, isAuthority: false, QuoteStage.CertificateChain);
            if (refusal is not null)
            {
                return refusal;
            }
            if (leaf!.Find(PckExtension.Oid) is not { } found || PckExtension.TryRead(found.Value) is not { } extension)
            {
                return QuoteReasons.BadPck.At(
                    QuoteStage.CertificateChain, "the PCK certificate lacks Intel's SGX extension, or a field of it");
            }
            if (certificates.Count > 0 && !IsSamePlatform(certificates[0].Extension, extension))
            {
                return QuoteReasons.BadChain.At(QuoteStage.CertificateChain, "the PCK certificates are of two platforms");
            }
            certificates.Add(new PckCertificate(leaf.ToPem(), extension, leaf.NotBefore, leaf.NotAfter));
        }
        return new PckCertificateSet(
            certificates, pckIssuer.IsForPlatforms ? "platform" : "processor",
            pckIssuer.Authority.ToPem() + pckIssuer.Root.ToPem());
    }

    /// <summary>Puts the best certificate first: by the TCB level that it reaches, and the higher versions first inside a level.</summary>
    /// <param name="collateral">Collateral of the platform, whose TCB info ranks the levels.</param>
    /// <returns>The ordered set, or a refusal when the TCB info is malformed or of another platform.</returns>
    /// <remarks>This is the order of Intel's PCK Certificate Selection library. That library reads a raw CPUSVN as sixteen components, in
    /// order, which TCB info with <c>tcbType</c> 0 defines; other types are refused.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="collateral"/> is null.</exception>
    public Outcome<PckCertificateSet> Order(QuoteCollateral collateral)
    {
        ArgumentNullException.ThrowIfNull(collateral);
        var (tcbInfo, refusal) = SignedDocument.ReadTcbInfo(collateral.TcbInfo);
        if (tcbInfo is null)
        {
            return refusal!;
        }
        if (!tcbInfo.Content.Fmspc.Span.SequenceEqual(Fmspc.Span))
        {
            return QuoteReasons.WrongFmspc.At(QuoteStage.Collateral, "the TCB info is of another platform than the PCK certificates");
        }
        var ordered = new List<(int Level, PckCertificate Certificate)>();
        foreach (var certificate in Certificates)
        {
            var reached = tcbInfo.Content.Levels.FindIndex(
                each => certificate.Extension.Reaches(each.SgxComponents.Span, each.PceSvn));
            var level = reached < 0 ? tcbInfo.Content.Levels.Count : reached;
            var place = ordered.FindIndex(other => other.Level > level || (other.Level == level
                && certificate.Extension.Reaches([.. other.Certificate.Extension.Components], other.Certificate.Extension.PceSvn)));
            ordered.Insert(place < 0 ? ordered.Count : place, (level, certificate));
        }
        return new PckCertificateSet([.. ordered.Select(each => each.Certificate)], Authority, IssuerChain);
    }

    /// <summary>Finds the certificate of a platform's present security versions: the first one that asks for nothing above them.</summary>
    /// <param name="cpuSvn">The raw CPUSVN, 16 bytes.</param>
    /// <param name="pceSvn">PCESVN.</param>
    /// <param name="now">The instant at which the certificate must be valid.</param>
    /// <returns>The certificate, or null when every certificate is for higher versions or is not valid.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="cpuSvn"/> does not have 16 bytes.</exception>
    public PckCertificate? Select(ReadOnlySpan<byte> cpuSvn, ushort pceSvn, DateTimeOffset now)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cpuSvn.Length, PckExtension.ComponentCount, nameof(cpuSvn));
        foreach (var certificate in Certificates)
        {
            if (now >= certificate.NotBefore && now <= certificate.NotAfter && IsCovered(certificate.Extension, cpuSvn, pceSvn))
            {
                return certificate;
            }
        }
        return null;
    }

    private static bool IsSamePlatform(PckExtension first, PckExtension other) => first.Ppid.Span.SequenceEqual(other.Ppid.Span)
        && first.Fmspc.Span.SequenceEqual(other.Fmspc.Span) && first.PceId.Span.SequenceEqual(other.PceId.Span);

    private static bool IsCovered(PckExtension certificate, ReadOnlySpan<byte> components, ushort pceSvn)
    {
        var isCovered = pceSvn >= certificate.PceSvn;
        for (var i = 0; i < PckExtension.ComponentCount; i++)
        {
            isCovered &= components[i] >= certificate.Components[i];
        }
        return isCovered;
    }
}
