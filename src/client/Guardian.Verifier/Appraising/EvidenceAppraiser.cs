using System.Text;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Snp;
using Guardian.Attestation.Verification;
using Guardian.Refusals;
using Guardian.Verifier.Freshness;
using Guardian.Verifier.Reasons;

namespace Guardian.Verifier.Appraising;

/// <summary>Verifies and appraises the evidence of requests, and makes tokens of the results. Thread-safe.</summary>
/// <param name="settings">Policy, keys and roots.</param>
/// <param name="nonces">Takes nonces back.</param>
internal sealed class EvidenceAppraiser(AppraisalSettings settings, NonceBook nonces)
{
    private readonly EnvelopeVerifier quotes = new(settings.Quotes);
    private readonly IdentityKey key = settings.Key;

    // A key serves one thread at a time.
    private readonly Lock signing = new();

    /// <summary>Answers a request.</summary>
    /// <returns>The token, or a refusal: of the request, of the nonce, or of evidence that does not verify.</returns>
    /// <exception cref="IOException">Collateral that is stored cannot be read.</exception>
    public Outcome<string> Appraise(AppraisalRequest request)
    {
        // Step 1: the nonce, which costs nothing.
        var (nonce, refusal) = request.Nonce is { } text ? nonces.Read(text) : default;
        if (refusal is not null)
        {
            return refusal;
        }
        // Step 2: the form.
        (var envelope, refusal) = EnvelopeReader.Read(request.Evidence);
        if (envelope is null)
        {
            return refusal!;
        }
        return envelope.Kind switch
        {
            EnvelopeKind.Token => VerifierReasons.NotEvidence.Because("the request has a token, which is the result of a verifier"),
            EnvelopeKind.SnpReport => AppraiseReport(envelope, request.Endorsements, nonce),
            _ when request.Endorsements is not null =>
                VerifierReasons.BadRequest.Because($"endorsements are for reports of SEV-SNP, and this is a {envelope.Name}"),
            _ => AppraiseQuote(envelope, nonce),
        };
    }

    /// <summary>Finds the platform of a request that was refused because its collateral is not at hand.</summary>
    /// <returns>The platform; null for another refusal.</returns>
    public static PlatformId? FindMissing(AppraisalRequest request, Refusal refusal) =>
        refusal.Reason == QuoteReasons.NoCollateral && EnvelopeReader.Read(request.Evidence).Value is { } envelope
            ? PlatformId.Of(envelope.FindQuotes().FirstOrDefault())
            : null;

    private Outcome<string> AppraiseQuote(Envelope envelope, Nonce? nonce)
    {
        var now = settings.Time.GetUtcNow();
        // A coordinator of MarbleRun that was asked with the nonce names it together with its certificate.
        var isAnswer = envelope.Kind == EnvelopeKind.MarbleRunQuote && nonce is not null;
        var (verified, refusal) = quotes.Verify(isAnswer ? envelope with { Nonce = nonce!.Bytes } : envelope, now);
        var isNamed = isAnswer && verified is not null;
        if (isAnswer && refusal?.Reason == QuoteReasons.KeyNotBound)
        {
            (verified, refusal) = quotes.Verify(envelope, now);
        }
        if (verified is null)
        {
            return refusal!;
        }
        var (context, stale) = Refresh(verified.Quote.ReportData, verified.KeySha256, nonce, isNamed);
        if (context is null)
        {
            return stale!;
        }
        return Sign(() => AttestationToken.Sign(verified.Quote, settings.Policy, key, now, context));
    }

    private Outcome<string> AppraiseReport(Envelope envelope, RequestedEndorsements? given, Nonce? nonce)
    {
        var now = settings.Time.GetUtcNow();
        var (verified, refusal) = VerifyReport(envelope, given, now);
        if (verified is null)
        {
            return refusal!;
        }
        var (context, stale) = Refresh(verified.Report.ReportData, keySha256: null, nonce);
        if (context is null)
        {
            return stale!;
        }
        return Sign(() => AttestationToken.Sign(verified, settings.Policy, key, now, context));
    }

    private Outcome<VerifiedSnpReport> VerifyReport(Envelope envelope, RequestedEndorsements? given, DateTimeOffset now)
    {
        if (given is null)
        {
            return envelope.VerifySnp(null, now, settings.Reports);
        }
        var endorsements = new SnpEndorsements { Leaf = given.Leaf, Chain = Encoding.UTF8.GetBytes(given.Chain) };
        var outcome = envelope.VerifySnp(endorsements, now, settings.Reports);
        foreach (var list in settings.RevocationLists)
        {
            outcome = envelope.VerifySnp(endorsements with { RevocationList = list }, now, settings.Reports);
            // Each product has a root and a list of its own.
            if (outcome.Refusal?.Reason != QuoteReasons.WrongCrl)
            {
                break;
            }
        }
        return outcome;
    }

    // Step 3: the evidence is fresh, and its nonce is used up by this token alone.
    private Outcome<TokenContext> Refresh(
        ReadOnlyMemory<byte> reportData, string? keySha256, Nonce? nonce, bool isNamed = false)
    {
        isNamed |= nonce is not null && reportData.Span[..NonceBook.Size].SequenceEqual(nonce.Bytes.Span);
        if (!isNamed && keySha256 is null && !settings.AllowStaleEvidence)
        {
            return nonce is null
                ? VerifierReasons.NonceNeeded.Because("the evidence names no key, and the request has no nonce")
                : VerifierReasons.WrongNonce.Because("the first 32 bytes of the evidence's report data are not the nonce");
        }
        return nonce is not null && nonces.Use(nonce) is { } refusal
            ? refusal
            : new TokenContext
            {
                Nonce = nonce?.Text,
                EvidenceNonce = isNamed ? nonce!.Text : null,
                KeySha256 = keySha256,
                Freshness = isNamed ? "nonce" : keySha256 is not null ? "key" : "none",
            };
    }

    private string Sign(Func<string> sign)
    {
        lock (signing)
        {
            return sign();
        }
    }
}
