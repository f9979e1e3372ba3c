using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;

namespace Guardian.Attestation.Collateral;

/// <summary>What collateral says of itself, unverified: for people, and for knowing when to fetch the next.</summary>
/// <param name="Fmspc">12 lower-case hex digits.</param>
/// <param name="Pieces">Each piece with the time it is for; the first to expire ends all.</param>
/// <param name="RevokedCertificates">Entries of both revocation lists; null when a list is missing.</param>
public sealed record CollateralSummary(
    TeeType Tee, string Fmspc, int EvaluationDataNumber, int QeEvaluationDataNumber, IReadOnlyList<CollateralPiece> Pieces,
    int? RevokedCertificates)
{
    /// <summary>When the first piece expires.</summary>
    public DateTimeOffset Expires => Pieces.Min(piece => piece.To);

    /// <summary>Reads collateral; null with the problem when a document in it is malformed. Never throws for any content.</summary>
    public static CollateralSummary? TryRead(QuoteCollateral collateral, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(collateral);
        if (SignedDocument.TryRead(collateral.TcbInfo, "tcbInfo", CollateralReader.ReadTcbInfo, out problem) is not var (_, tcbInfo)
            || SignedDocument.TryRead(
                collateral.QeIdentity, "enclaveIdentity", CollateralReader.ReadEnclaveIdentity, out problem) is not var (_, qeIdentity))
        {
            return null;
        }
        var pieces = new List<CollateralPiece>
        {
            new("tcbinfo", tcbInfo.IssueDate, tcbInfo.NextUpdate), new("qeid", qeIdentity.IssueDate, qeIdentity.NextUpdate),
        };
        var (rootList, pckList) = (
            CertificatePem.ReadRevocationList(collateral.RootCaCrl), CertificatePem.ReadRevocationList(collateral.PckCrl));
        foreach (var (name, list) in new[] { ("rootcrl", rootList), ("pckcrl", pckList) })
        {
            if (list is not null)
            {
                pieces.Add(new CollateralPiece(name, list.ThisUpdate, list.NextUpdate));
            }
        }
        var signers = CertificatePem.ReadAll(collateral.TcbInfoIssuerChain.Span, most: 3).OfType<Certificate>();
        pieces.AddRange(signers.Select(signer => new CollateralPiece(signer.SubjectCommonName, signer.NotBefore, signer.NotAfter)));
        return new CollateralSummary(
            tcbInfo.Tee, Convert.ToHexStringLower(tcbInfo.Fmspc.Span), tcbInfo.EvaluationDataNumber, qeIdentity.EvaluationDataNumber,
            pieces, rootList?.Count + pckList?.Count);
    }
}

/// <summary>A piece of collateral, and from when to when it counts.</summary>
public sealed record CollateralPiece(string Name, DateTimeOffset From, DateTimeOffset To);
