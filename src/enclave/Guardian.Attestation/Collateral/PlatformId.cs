using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;

namespace Guardian.Attestation.Collateral;

/// <summary>The key by which services and stores find collateral. Immutable.</summary>
/// <param name="Fmspc">The platform family, 12 lower-case hex digits.</param>
/// <param name="Authority">The PCK issuer: <c>processor</c> or <c>platform</c>.</param>
/// <param name="Tee">The kind of TEE.</param>
public sealed record PlatformId(string Fmspc, string Authority, TeeType Tee)
{
    private const int FmspcDigits = 12;

    /// <summary>Reads a platform from words.</summary>
    /// <param name="text"><c>FMSPC:AUTHORITY</c> or <c>FMSPC:AUTHORITY:TEE</c>: 12 hex digits, <c>processor</c> or <c>platform</c>, and
    /// <c>sgx</c> (the default) or <c>tdx</c>.</param>
    /// <returns>The platform, or null. Never throws for any content.</returns>
    public static PlatformId? TryParse(string? text) =>
        text?.Split(':') is [{ Length: FmspcDigits } fmspc, "processor" or "platform", ..] parts && fmspc.All(char.IsAsciiHexDigit)
        && parts is [_, _] or [_, _, "sgx" or "tdx"]
            ? new PlatformId(fmspc.ToLowerInvariant(), parts[1], parts is [_, _, "tdx"] ? TeeType.Tdx : TeeType.Sgx)
            : null;

    /// <summary>Writes the platform as <see cref="TryParse"/> reads it.</summary>
    /// <returns><c>FMSPC:AUTHORITY:TEE</c></returns>
    public string ToText() => $"{Fmspc}:{Authority}:{(Tee == TeeType.Tdx ? "tdx" : "sgx")}";

    /// <summary>Reads the platform of a quote from its PCK certificate, unverified.</summary>
    /// <param name="quote">The quote.</param>
    /// <returns>The platform; null when the quote carries no readable PCK certificate. Never throws for any content.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="quote"/> is null.</exception>
    public static PlatformId? Of(Quote quote)
    {
        ArgumentNullException.ThrowIfNull(quote);
        return OfChain(quote.CertificationData.Span, quote.Tee);
    }

    /// <summary>Reads the platform of a quote from its PCK certificate, unverified.</summary>
    /// <param name="quote">The quote; any content.</param>
    /// <param name="pckChain">The platform's PCK certificate chain, PEM, for a quote that does not contain it; any content.</param>
    /// <returns>The platform; null when neither has a readable PCK certificate. Never throws for any content.</returns>
    public static PlatformId? Of(ReadOnlyMemory<byte> quote, ReadOnlyMemory<byte> pckChain = default) =>
        Quote.TryParse(quote).Value is { } parsed ? Of(parsed) ?? OfChain(pckChain.Span, parsed.Tee) : null;

    /// <summary>Reads the platform of a PCK chain, unverified; null when its first certificate is no PCK certificate.</summary>
    internal static PlatformId? OfChain(ReadOnlySpan<byte> pem, TeeType tee)
    {
        if (CertificatePem.ReadAll(pem, most: 3) is not [{ } leaf, .. var issuers]
            || leaf.Find(PckExtension.Oid) is not { } value || PckExtension.TryRead(value.Value) is not { } extension)
        {
            return null;
        }
        // Issuer and root may follow in either order.
        var isPlatform = issuers.Any(issuer => issuer is not null && PckIssuer.IsPlatformAuthority(issuer));
        return new PlatformId(Convert.ToHexStringLower(extension.Fmspc.Span), isPlatform ? "platform" : "processor", tee);
    }
}

/// <summary>A place that has collateral at hand, without a network. Implementations are thread-safe.</summary>
public interface ICollateralSource
{
    /// <summary>Finds the collateral of a platform.</summary>
    /// <param name="platform">The platform.</param>
    /// <returns>The collateral, or null when it is not at hand. It may have expired; the verifier checks that. The same object at every
    /// call lets verifiers reuse their work.</returns>
    QuoteCollateral? Find(PlatformId platform);
}
