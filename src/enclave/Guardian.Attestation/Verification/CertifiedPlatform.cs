using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Verification;

/// <summary>
/// The TCB level of a platform by its PCK certificate alone: processor, microcode and PCE. Its quoting enclave and TDX module are not known
/// without a quote. Immutable.
/// </summary>
public sealed record CertifiedPlatform
{
    private CertifiedPlatform()
    {
    }

    /// <summary>The platform, as its certificate describes it.</summary>
    public required PckExtension Pck { get; init; }

    /// <summary>The level that it reaches.</summary>
    public required TcbLevel Level { get; init; }

    /// <summary>The components that are behind the newest level, one line each.</summary>
    public required IReadOnlyList<string> Shortfall { get; init; }

    /// <summary>The steps that bring it forward, for people.</summary>
    public required IReadOnlyList<string> Remedies { get; init; }

    /// <summary>tcbEvaluationDataNumber of the TCB info.</summary>
    public required int EvaluationDataNumber { get; init; }

    /// <summary>Verifies a chain, and finds the platform's level.</summary>
    /// <param name="chain">PEM: PCK certificate, issuer, root.</param>
    /// <param name="collateral">Intel's statements about the platform.</param>
    /// <param name="now">The instant at which everything must be valid.</param>
    /// <param name="options">The roots of trust, and whether revocation lists are required.</param>
    /// <returns>The platform, or the first refusal: also when it is below every level. Never throws for any content.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="collateral"/> or <paramref name="options"/> is null.</exception>
    public static Outcome<CertifiedPlatform> Verify(
        ReadOnlyMemory<byte> chain, QuoteCollateral collateral, DateTimeOffset now, VerifierOptions options)
    {
        ArgumentNullException.ThrowIfNull(collateral);
        ArgumentNullException.ThrowIfNull(options);
        var (verifiedChain, refusal) = PckChain.Verify(chain.Span, options.Anchors);
        using var pck = verifiedChain;
        refusal ??= Validity.Check(pck!.Validities, now, QuoteStage.CertificateChain);
        if (refusal is not null)
        {
            return refusal;
        }
        (var verified, refusal) = VerifiedCollateral.Verify(collateral, pck!.Issuer, pck.Leaf, options.RequireRevocationLists);
        refusal ??= verified!.Revocation ?? Validity.Check(verified.Validities, now, QuoteStage.Collateral);
        if (refusal is not null)
        {
            return refusal;
        }
        var tcbInfo = verified!.TcbInfo;
        if (!tcbInfo.Fmspc.Span.SequenceEqual(pck.Extension.Fmspc.Span) || tcbInfo.Tee != TeeType.Sgx)
        {
            return QuoteReasons.WrongFmspc.At(QuoteStage.Collateral, "the TCB info is not for SGX on this platform");
        }
        var index = tcbInfo.Levels.FindIndex(level => pck.Extension.Reaches(level.SgxComponents.Span, level.PceSvn));
        if (index < 0)
        {
            return QuoteReasons.NotSupported.At(
                QuoteStage.Tcb, "the platform's security versions are below every level of the TCB info");
        }
        var reached = tcbInfo.Levels[index].Level;
        var shortfall = new TcbShortfall(pck.Extension, teeTcbSvn: null);
        if (index > 0 && reached.Status != TcbStatus.UpToDate)
        {
            shortfall.ComparePlatform(tcbInfo.Levels[0], tcbInfo.Levels[0].Level.Status.ToString(), firstTdx: 0);
        }
        shortfall.AddRemedies(reached.Status);
        return new CertifiedPlatform
        {
            Pck = pck.Extension,
            Level = reached,
            Shortfall = shortfall.Lines,
            Remedies = shortfall.Remedies,
            EvaluationDataNumber = tcbInfo.EvaluationDataNumber,
        };
    }

    /// <summary>Reads the platform of a chain, unverified.</summary>
    /// <param name="chain">PEM: PCK certificate, issuer, root.</param>
    /// <returns>The platform; null when there is no readable PCK certificate. Never throws for any content.</returns>
    public static PlatformId? FindPlatform(ReadOnlyMemory<byte> chain) => PlatformId.OfChain(chain.Span, TeeType.Sgx);
}
