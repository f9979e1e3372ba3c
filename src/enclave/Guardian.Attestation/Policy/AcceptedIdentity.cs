using System.Globalization;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Attestation.Policy;

/// <summary>One way to be accepted; all that is set must hold.</summary>
public sealed record AcceptedIdentity
{
    private bool isAnyone;

    /// <summary>Everyone, enclaves and trust domains alike: for who asks whether evidence is good, not whose it is.</summary>
    public static AcceptedIdentity Anyone { get; } = new() { isAnyone = true };

    /// <summary>MRENCLAVE is one of these; empty means it does not matter.</summary>
    public IReadOnlyList<MrEnclave> MrEnclaves { get; init; } = [];

    /// <summary>MRSIGNER.</summary>
    public MrSigner? MrSigner { get; init; }

    /// <summary>ISVPRODID.</summary>
    public ushort? IsvProdId { get; init; }

    /// <summary>The least ISVSVN.</summary>
    public ushort? MinimumIsvSvn { get; init; }

    /// <summary>CONFIGID, 64 bytes; empty means it does not matter.</summary>
    public ReadOnlyMemory<byte> ConfigId { get; init; }

    /// <summary>Whether a quote satisfies everything that is set. An identity that sets neither measurement nor signer matches nobody; no
    /// trust domain has either.</summary>
    public bool Matches(VerifiedQuote quote)
    {
        ArgumentNullException.ThrowIfNull(quote);
        return isAnyone || (quote.Tee == TeeType.Sgx && Matches(quote.Report));
    }

    /// <inheritdoc cref="Matches(VerifiedQuote)"/>
    internal bool Matches(ReportBody report) =>
        (MrEnclaves.Count > 0 || MrSigner is not null)
        && (MrEnclaves.Count == 0 || MrEnclaves.Contains(report.MrEnclave))
        && (MrSigner is not { } signer || signer == report.MrSigner)
        && (IsvProdId is not { } product || product == report.IsvProdId)
        && (MinimumIsvSvn is not { } minimum || report.IsvSvn >= minimum)
        && (ConfigId.IsEmpty || ConfigId.Span.SequenceEqual(report.ConfigId.Span));

    /// <returns>The identity as a person reads it.</returns>
    public override string ToString()
    {
        if (isAnyone)
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
        if (!ConfigId.IsEmpty)
        {
            parts.Add($"configid {Convert.ToHexStringLower(ConfigId.Span)}");
        }
        return string.Join(", ", parts);
    }

    /// <summary>Who a quote speaks for, in the same words.</summary>
    internal static string Describe(VerifiedQuote quote) => quote.TdReport is { } td
        ? $"trust domain, mrtd {Convert.ToHexStringLower(td.MrTd.Span)}"
        : string.Create(CultureInfo.InvariantCulture,
            $"mrenclave {quote.Report.MrEnclave}, mrsigner {quote.Report.MrSigner}, isvprodid {quote.Report.IsvProdId}, isvsvn "
            + $"{quote.Report.IsvSvn}")
            + (quote.Report.ConfigId.Span.ContainsAnyExcept((byte)0)
                ? $", configid {Convert.ToHexStringLower(quote.Report.ConfigId.Span)}"
                : "");
}
