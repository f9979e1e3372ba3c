using System.CommandLine;
using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Snp;
using Guardian.Cli.Commands.Quotes;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Evidence;

/// <summary>Verifies and appraises a report of SEV-SNP with the options of <c>verify</c>.</summary>
internal static class SnpVerification
{
    /// <summary>Verifies an envelope of kind <see cref="EnvelopeKind.SnpReport"/>.</summary>
    public static (SnpResult Result, Appraisal? Appraisal) Run(
        AppraisalOptions options, EarOptions ear, ParseResult arguments, Envelope envelope, AttestationPolicy policy, IdentityKey? signer)
    {
        options.RefuseIntelsOptions(arguments, envelope.Name);
        var (endorsements, missing) = options.FindEndorsements(arguments);
        if (missing is not null)
        {
            return (SnpResult.Of(missing), null);
        }
        var (verified, refusal) = envelope.VerifySnp(endorsements, options.FindInstant(arguments), options.ReadSnpOptions(arguments));
        if (verified is null)
        {
            return (SnpResult.Of(refusal!), null);
        }
        var appraisal = policy.Appraise(verified);
        if (signer is not null)
        {
            ear.Write(arguments, keySha256: null, context => AttestationToken.Sign(
                verified, policy, signer, TimeProvider.System.GetUtcNow(), context));
        }
        return (SnpResult.Of(verified, policy, appraisal), appraisal);
    }
}
