using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;

namespace Guardian.Attestation.Collateral;

/// <summary>What collateral is asked for by: platform family, PCK issuer, and kind of TEE.</summary>
/// <param name="Fmspc">12 lower-case hex digits.</param>
/// <param name="Authority"><c>processor</c> or <c>platform</c>.</param>
public sealed record PlatformId(string Fmspc, string Authority, TeeType Tee)
{
    /// <summary>The platform of a quote, as its PCK certificate names it, unverified; null when there is no certificate in it.</summary>
    public static PlatformId? Of(Quote quote)
    {
        ArgumentNullException.ThrowIfNull(quote);
        if (CertificatePem.ReadAll(quote.CertificationData.Span, most: 3) is not [{ } leaf, .. var issuers]
            || leaf.Find(PckExtension.Oid) is not { } value || PckExtension.TryRead(value.Value) is not { } extension)
        {
            return null;
        }
        // In whatever order issuer and root follow.
        var isPlatform = issuers.Any(issuer => issuer?.SubjectCommonName.Contains("Platform CA", StringComparison.Ordinal) == true);
        return new PlatformId(Convert.ToHexStringLower(extension.Fmspc.Span), isPlatform ? "platform" : "processor", quote.Tee);
    }
}

/// <summary>Where verifiers get collateral from without waiting for a network. Thread-safe.</summary>
public interface ICollateralSource
{
    /// <summary>The collateral of a platform, or null when it is not at hand. It may have expired: the verifier tells.</summary>
    QuoteCollateral? Find(PlatformId platform);
}
