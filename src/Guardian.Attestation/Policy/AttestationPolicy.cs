using System.Globalization;
using Guardian.Documents;
using Guardian.Sgx;

namespace Guardian.Attestation;

/// <summary>Reference values (RFC 9334): which enclaves, on which platforms, are accepted. Immutable.</summary>
public sealed record AttestationPolicy
{
    /// <summary>The identities, any of which is accepted.</summary>
    public required IReadOnlyList<AcceptedIdentity> Identities { get; init; }

    /// <summary>The platforms, any of which is accepted.</summary>
    public required IReadOnlyList<PlatformKind> Platforms { get; init; }

    /// <summary>Whether debug enclaves are accepted. Their memory is open to the host.</summary>
    public bool AllowDebug { get; init; }

    /// <summary>Appraises a verified quote.</summary>
    /// <returns>Every rule with what was found and what would be accepted.</returns>
    public Appraisal Appraise(VerifiedQuote quote)
    {
        ArgumentNullException.ThrowIfNull(quote);
        var report = quote.Report;
        var isDebug = report.Attributes.Flags.HasFlag(AttributeFlags.Debug);
        return new Appraisal(
        [
            new AppraisalCheck("platform", Platforms.Contains(quote.Platform), Word(quote.Platform), string.Join(" or ", Platforms.Select(Word))),
            new AppraisalCheck("debug", AllowDebug || !isDebug, isDebug ? "debug enclave" : "production enclave", AllowDebug ? "either" : "production enclave"),
            new AppraisalCheck(
                "identity",
                Identities.Any(identity => identity.Matches(report)),
                string.Create(CultureInfo.InvariantCulture, $"mrenclave {report.MrEnclave}, mrsigner {report.MrSigner}, isvprodid {report.IsvProdId}, isvsvn {report.IsvSvn}"),
                string.Join("; or ", Identities)),
        ]);
    }

    private static string Word(PlatformKind kind) => kind == PlatformKind.Simulated ? "simulated" : "hardware";

    /// <summary>
    /// Reads the members <c>attestation</c>, <c>platforms</c> and <c>debug</c> of a map; problems are reported on it. Other members are the
    /// caller's, and so is <see cref="YamlMap.End"/>.
    /// </summary>
    public static AttestationPolicy Read(YamlMap map) => PolicyReader.Read(map);
}

/// <summary>One way to be accepted; all that is set must hold.</summary>
public sealed record AcceptedIdentity
{
    /// <summary>MRENCLAVE is one of these; empty means it does not matter.</summary>
    public IReadOnlyList<MrEnclave> MrEnclaves { get; init; } = [];

    /// <summary>MRSIGNER.</summary>
    public MrSigner? MrSigner { get; init; }

    /// <summary>ISVPRODID.</summary>
    public ushort? IsvProdId { get; init; }

    /// <summary>The least ISVSVN.</summary>
    public ushort? MinimumIsvSvn { get; init; }

    /// <summary>Whether a report satisfies everything that is set. An identity that sets neither measurement nor signer matches nothing.</summary>
    public bool Matches(ReportBody report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return (MrEnclaves.Count > 0 || MrSigner is not null)
            && (MrEnclaves.Count == 0 || MrEnclaves.Contains(report.MrEnclave))
            && (MrSigner is not { } signer || signer == report.MrSigner)
            && (IsvProdId is not { } product || product == report.IsvProdId)
            && (MinimumIsvSvn is not { } minimum || report.IsvSvn >= minimum);
    }

    /// <returns>The identity as a person reads it.</returns>
    public override string ToString()
    {
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
        return string.Join(", ", parts);
    }
}

/// <param name="Rule">Which rule: <c>platform</c>, <c>debug</c>, <c>identity</c>.</param>
/// <param name="Found">What the quote shows.</param>
/// <param name="Accepted">What would be accepted.</param>
public sealed record AppraisalCheck(string Rule, bool Passed, string Found, string Accepted)
{
    /// <returns>The check as a person reads it.</returns>
    public override string ToString() => $"{Rule}: found {Found}; accepted {Accepted}";
}

/// <summary>The outcome of an appraisal, rule by rule.</summary>
public sealed record Appraisal(IReadOnlyList<AppraisalCheck> Checks)
{
    /// <summary>Whether every rule holds.</summary>
    public bool IsAccepted => Checks.All(check => check.Passed);
}
