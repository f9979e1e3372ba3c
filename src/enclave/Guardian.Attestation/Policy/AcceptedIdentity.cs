using System.Globalization;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Snp;
using Guardian.Attestation.Verification;
using Guardian.Sgx.Measurement;
using Guardian.Sgx.Reports;

namespace Guardian.Attestation.Policy;

/// <summary>One accepted identity of an enclave or of a trust domain: every value that is set must match. Immutable.</summary>
public sealed record AcceptedIdentity
{
    /// <summary>Accepts every enclave and trust domain: for callers that ask whether evidence is genuine, not whose it is.</summary>
    public static AcceptedIdentity Anyone { get; } = new() { IsAnyone = true };

    /// <summary>The accepted MRENCLAVEs; empty accepts any.</summary>
    public IReadOnlyList<MrEnclave> MrEnclaves { get; init; } = [];

    /// <summary>The accepted MRSIGNER; null accepts any.</summary>
    public MrSigner? MrSigner { get; init; }

    /// <summary>The accepted ISVPRODID; null accepts any.</summary>
    public ushort? IsvProdId { get; init; }

    /// <summary>The minimum ISVSVN; null accepts any.</summary>
    public ushort? MinimumIsvSvn { get; init; }

    /// <summary>The maximum ISVSVN; null accepts any. It keeps an enclave of a later version out, until people have looked at it.</summary>
    public ushort? MaximumIsvSvn { get; init; }

    /// <summary>The accepted CONFIGID, 64 bytes; empty accepts any.</summary>
    public ReadOnlyMemory<byte> ConfigId { get; init; }

    /// <summary>The accepted trust domain; an identity that has one matches no enclave. Null matches no trust domain.</summary>
    public AcceptedTrustDomain? TrustDomain { get; init; }

    /// <summary>The accepted guest of SEV-SNP; an identity that has one matches no quote. Null matches no such guest.</summary>
    public AcceptedSnpGuest? SnpGuest { get; init; }

    /// <summary>Whether this is <see cref="Anyone"/>.</summary>
    internal bool IsAnyone { get; private init; }

    private bool NamesEnclave => MrEnclaves.Count > 0 || MrSigner is not null;

    /// <summary>
    /// Whether a quote matches every value that is set. An identity with neither measurement nor signer nor trust domain matches nothing.
    /// </summary>
    /// <param name="quote">The quote.</param>
    /// <exception cref="ArgumentNullException"><paramref name="quote"/> is null.</exception>
    public bool Matches(VerifiedQuote quote)
    {
        ArgumentNullException.ThrowIfNull(quote);
        return IsAnyone
            || (SnpGuest is null
                && (quote.TdReport is { } td ? !NamesEnclave && TrustDomain?.Matches(td) == true : Matches(quote.Report)));
    }

    /// <summary>Whether a guest of SEV-SNP has this identity.</summary>
    internal bool Matches(SnpReport report) =>
        IsAnyone || (!NamesEnclave && TrustDomain is null && SnpGuest?.Matches(report) == true);

    /// <inheritdoc cref="Matches(VerifiedQuote)"/>
    internal bool Matches(ReportBody report) =>
        NamesEnclave && TrustDomain is null && SnpGuest is null
        && (MrEnclaves.Count == 0 || MrEnclaves.Contains(report.MrEnclave))
        && (MrSigner is not { } signer || signer == report.MrSigner)
        && (IsvProdId is not { } product || product == report.IsvProdId)
        && (MinimumIsvSvn is not { } minimum || report.IsvSvn >= minimum)
        && (MaximumIsvSvn is not { } maximum || report.IsvSvn <= maximum)
        && (ConfigId.IsEmpty || ConfigId.Span.SequenceEqual(report.ConfigId.Span));

    /// <summary>Describes the identity to people.</summary>
    /// <returns>One line.</returns>
    public override string ToString()
    {
        if (IsAnyone)
        {
            return "anyone";
        }
        var parts = new List<string>();
        if (MrEnclaves.Count > 0)
        {
            parts.Add($"mrenclave {string.Join(" or ", MrEnclaves)}");
        }
        if (MrSigner is { } signer)
        {
            parts.Add($"mrsigner {signer}");
        }
        if (IsvProdId is { } product)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"isvprodid {product}"));
        }
        if (MinimumIsvSvn is { } minimum)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"isvsvn at least {minimum}"));
        }
        if (MaximumIsvSvn is { } maximum)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"isvsvn at most {maximum}"));
        }
        if (!ConfigId.IsEmpty)
        {
            parts.Add($"configid {Convert.ToHexStringLower(ConfigId.Span)}");
        }
        if (TrustDomain is { } td)
        {
            parts.Add(td.ToString());
        }
        if (SnpGuest is { } guest)
        {
            parts.Add(guest.ToString());
        }
        return string.Join(", ", parts);
    }

    /// <summary>Describes the identity in a quote, in the same words.</summary>
    internal static string Describe(VerifiedQuote quote) => quote.TdReport is { } td
        ? AcceptedTrustDomain.Describe(td)
        : string.Create(
            CultureInfo.InvariantCulture,
            $"mrenclave {quote.Report.MrEnclave}, mrsigner {quote.Report.MrSigner}, isvprodid {quote.Report.IsvProdId}, "
            + $"isvsvn {quote.Report.IsvSvn}")
            + (quote.Report.ConfigId.Span.ContainsAnyExcept((byte)0)
                ? $", configid {Convert.ToHexStringLower(quote.Report.ConfigId.Span)}"
                : "");
}
