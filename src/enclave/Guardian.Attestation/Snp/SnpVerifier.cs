using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.Snp;

/// <summary>Verifies reports of AMD SEV-SNP with AMD's documents about the platform. Thread-safe; without network and clock.</summary>
public static class SnpVerifier
{
    /// <summary>Verifies every link: certificates, revocation, signature, chip and security versions.</summary>
    /// <param name="report">The report exactly as received: <see cref="SnpReport.Size"/> bytes.</param>
    /// <param name="endorsements">AMD's documents; null refuses, and says where they are.</param>
    /// <param name="now">The instant at which everything must be valid.</param>
    /// <param name="options">The roots, and whether revocation must be known.</param>
    /// <returns>The verified report, or a refusal that names the first failed stage. Never throws for any content.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <remarks>
    /// A verified report does not say whose guest it is: a policy decides. The caller compares <see cref="SnpReport.ReportData"/>.
    /// </remarks>
    public static Outcome<VerifiedSnpReport> Verify(
        ReadOnlyMemory<byte> report, SnpEndorsements? endorsements, DateTimeOffset now, SnpOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (parsed, malformed) = SnpReport.TryParse(report);
        if (parsed is null)
        {
            return malformed!;
        }
        if (endorsements is null)
        {
            var missing = QuoteReasons.NoEndorsements.At(
                QuoteStage.Collateral, "AMD's documents about the platform of the report are missing");
            return missing with { Remedy = AmdService.Describe(parsed) ?? missing.Remedy };
        }
        // Step 1: the certificates, up to a root that the caller accepts.
        var (chain, refusal) = SnpChain.Verify(endorsements, now, options);
        if (chain is null)
        {
            return refusal!;
        }
        // Step 2: the key is of the kind that the report names.
        if (chain.Endorsed.Signer != parsed.Signer)
        {
            return QuoteReasons.BadSnpCertificate.At(
                QuoteStage.CertificateChain,
                $"the report is signed by a {parsed.Signer}, and the certificate is of a {chain.Endorsed.Signer}");
        }
        // Step 3: the signature over the report.
        if (!AmdKey.HasSigned(chain.Leaf, parsed))
        {
            return QuoteReasons.BadSignature.At(QuoteStage.Signature, "the certified key did not sign the report");
        }
        // Step 4: the chip and the versions are those that AMD certified. Each VCEK is of one chip and of one set of versions.
        if (parsed.Signer == SnpSigner.Vcek && !chain.Endorsed.IsOf(parsed.ChipId))
        {
            return QuoteReasons.WrongChip.At(
                QuoteStage.KeyBinding, "the report names another chip than its certificate, or hides the chip");
        }
        var isTurin = chain.Endorsed.Tcb.Fmc is not null;
        var reported = SnpTcb.TryRead(parsed.ReportedTcb, isTurin);
        if (reported != chain.Endorsed.Tcb || (parsed.IsTurin is { } named && named != isTurin))
        {
            return QuoteReasons.WrongSnpTcb.At(
                QuoteStage.Tcb, $"the report names other security versions ({reported}) than its certificate ({chain.Endorsed.Tcb})");
        }
        return new VerifiedSnpReport(parsed, chain.Endorsed)
        {
            RootKeyHash = Convert.ToHexStringLower(chain.Root.KeyHash),
            IsRootAmd = SnpChain.IsAmd(chain.Root),
            VerifiedAt = now,
            IsRevocationKnown = chain.IsRevocationKnown,
            EarliestExpiry = chain.EarliestExpiry,
        };
    }
}
