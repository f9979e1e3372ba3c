using System.Numerics;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Collateral;

/// <summary>The content of collateral, unverified: for people, and for the decision when to fetch again. Immutable.</summary>
/// <param name="Tee">The kind of TEE.</param>
/// <param name="Fmspc">The platform family, 12 lower-case hex digits.</param>
/// <param name="EvaluationDataNumber">tcbEvaluationDataNumber of the TCB info.</param>
/// <param name="QeEvaluationDataNumber">tcbEvaluationDataNumber of the QE identity.</param>
/// <param name="Pieces">Each piece with its validity period; never empty.</param>
/// <param name="RevokedCertificates">Number of entries of both revocation lists; null when a list is missing.</param>
public sealed record CollateralSummary(
    TeeType Tee, string Fmspc, int EvaluationDataNumber, int QeEvaluationDataNumber, IReadOnlyList<CollateralPiece> Pieces,
    int? RevokedCertificates)
{
    // Not every service has the identity of Intel's verifier, which verification does without.
    private const string OptionalPiece = "qveid";

    /// <summary>The last instant at which all pieces are valid.</summary>
    public DateTimeOffset Expires => Pieces.Min(piece => piece.To);

    /// <summary>The instant at which the oldest signed document or list was issued.</summary>
    public DateTimeOffset Issued => Pieces.Where(IsIssued).Min(piece => piece.From);

    /// <summary>Whether nothing here is older than in other collateral of the platform, and something is newer.</summary>
    /// <param name="old">The other collateral.</param>
    /// <returns>False when a tcbEvaluationDataNumber or a CRL number is smaller, or a signed document or list was issued earlier or is
    /// missing.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="old"/> is null.</exception>
    public bool Supersedes(CollateralSummary old)
    {
        ArgumentNullException.ThrowIfNull(old);
        var pairs = old.Pieces.Where(IsIssued)
            .Select(before => (Before: before, After: Pieces.FirstOrDefault(after => after.Name == before.Name))).ToList();
        return EvaluationDataNumber >= old.EvaluationDataNumber && QeEvaluationDataNumber >= old.QeEvaluationDataNumber
            && pairs.All(pair => pair.After is null ? pair.Before.Name == OptionalPiece : pair.After.From >= pair.Before.From)
            && pairs.All(pair => pair.Before.Number is null || pair.After?.Number >= pair.Before.Number)
            && (pairs.Any(pair => pair.After?.From > pair.Before.From) || Pieces.Count(IsIssued) > pairs.Count);
    }

    private static bool IsIssued(CollateralPiece piece) => piece.Name is "tcbinfo" or "qeid" or OptionalPiece or "rootcrl" or "pckcrl";

    /// <summary>Reads collateral.</summary>
    /// <param name="collateral">The collateral.</param>
    /// <returns>The summary, or a refusal when a document is malformed. Never throws for any content.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="collateral"/> is null.</exception>
    public static Outcome<CollateralSummary> TryRead(QuoteCollateral collateral)
    {
        ArgumentNullException.ThrowIfNull(collateral);
        var tcbInfo = SignedDocument.ReadTcbInfo(collateral.TcbInfo);
        var qeIdentity = SignedDocument.ReadQeIdentity(collateral.QeIdentity);
        if ((tcbInfo.Refusal ?? qeIdentity.Refusal) is { } refusal)
        {
            return refusal;
        }
        var (tcb, qe) = (tcbInfo.Value!.Content, qeIdentity.Value!.Content);
        var pieces = new List<CollateralPiece>
        {
            new("tcbinfo", tcb.IssueDate, tcb.NextUpdate), new("qeid", qe.IssueDate, qe.NextUpdate),
        };
        if (!collateral.QveIdentity.IsEmpty)
        {
            var (qve, malformed) = SignedDocument.ReadQeIdentity(collateral.QveIdentity);
            if (qve is null)
            {
                return malformed!;
            }
            pieces.Add(new CollateralPiece(OptionalPiece, qve.Content.IssueDate, qve.Content.NextUpdate));
        }
        var rootList = CertificatePem.ReadRevocationList(collateral.RootCaCrl);
        var pckList = CertificatePem.ReadRevocationList(collateral.PckCrl);
        foreach (var (name, list) in new[] { ("rootcrl", rootList), ("pckcrl", pckList) })
        {
            if (list is not null)
            {
                pieces.Add(new CollateralPiece(name, list.ThisUpdate, list.NextUpdate) { Number = list.Number });
            }
        }
        var signers = CertificatePem.ReadAll(collateral.TcbInfoIssuerChain.Span, most: 3).OfType<Certificate>();
        pieces.AddRange(signers.Select(signer => new CollateralPiece(signer.SubjectCommonName, signer.NotBefore, signer.NotAfter)));
        return new CollateralSummary(
            tcb.Tee, Convert.ToHexStringLower(tcb.Fmspc.Span), tcb.EvaluationDataNumber, qe.EvaluationDataNumber, pieces,
            rootList?.Count + pckList?.Count);
    }
}

/// <summary>A piece of collateral and its validity period.</summary>
/// <param name="Name"><c>tcbinfo</c>, <c>qeid</c>, <c>qveid</c>, <c>rootcrl</c>, <c>pckcrl</c>, or the common name of a
/// certificate.</param>
/// <param name="From">The first valid instant.</param>
/// <param name="To">The last valid instant.</param>
public sealed record CollateralPiece(string Name, DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>A revocation list's number, which rises with each list of its issuer; null for everything else.</summary>
    public BigInteger? Number { get; init; }
}
