using System.Text.Json.Serialization;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Snp;
using Guardian.Attestation.Verification;

namespace Guardian.Attestation.Policy;

/// <summary>
/// The trustworthiness vector of AR4SI (draft-ietf-rats-ar4si, 2.3). A claim is null if the policy did not check it. Values from 2 affirm,
/// from 32 warn and from 96 contraindicate.
/// </summary>
internal sealed record TrustVector
{
    private const int Affirming = 2;
    private const int ApprovedBoot = 3;
    private const int Warning = 32;
    private const int Contraindicated = 96;

    /// <summary>Whether all measured code is code that the policy names; 3 if the measurement ends with the boot.</summary>
    [JsonPropertyName("executables")]
    public int? Executables { get; private init; }

    /// <summary>Whether hardware and firmware are genuine, not revoked and current.</summary>
    [JsonPropertyName("hardware")]
    public int? Hardware { get; private init; }

    /// <summary>Whether the policy names the configuration.</summary>
    [JsonPropertyName("configuration")]
    public int? Configuration { get; private init; }

    /// <summary>Whether the host cannot read the memory.</summary>
    [JsonPropertyName("runtime-opaque")]
    public int? RuntimeOpaque { get; private init; }

    /// <summary>
    /// The tier of the whole: the worst tier of a claim. It affirms only if both the code and the hardware are affirmed; else it is
    /// <c>none</c>.
    /// </summary>
    [JsonIgnore]
    public string Status
    {
        get
        {
            var worst = new[] { Executables, Hardware, Configuration, RuntimeOpaque }.Max();
            return worst >= Contraindicated ? "contraindicated"
                : worst >= Warning ? "warning"
                : Executables is null || Hardware is null ? "none"
                : "affirming";
        }
    }

    /// <summary>Reads the claims from an appraisal.</summary>
    /// <param name="quote">The quote.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="appraisal">The policy's appraisal of the quote.</param>
    public static TrustVector Of(VerifiedQuote quote, AttestationPolicy policy, Appraisal appraisal)
    {
        var isOpen = quote.IsDebug || !Passes(appraisal, "attributes");
        var isHardwareBad = !Passes(appraisal, "platform") || !Passes(appraisal, "tcb") || !Passes(appraisal, "evaluation");
        var matches = policy.Identities.Where(identity => !identity.IsAnyone && identity.Matches(quote)).ToList();
        // Another root may stand for anything, and the simulated root's key is public.
        var isGenuine = quote.IsRootIntel && quote.Tcb is not null;
        return new TrustVector
        {
            Executables = !Passes(appraisal, "identity") ? Contraindicated
                : matches.Count == 0 ? null
                : quote.Tee == TeeType.Sgx ? Affirming
                // MRTD measures the virtual firmware alone.
                : matches.Any(each => each.TrustDomain is { Rtmr1.Count: > 0, Rtmr2.Count: > 0 }) ? ApprovedBoot
                : null,
            Hardware = isHardwareBad || quote.Platform == Sgx.PlatformKind.Simulated ? Contraindicated
                : !isGenuine ? null
                : quote.Tcb!.Status == TcbStatus.UpToDate && quote.IsRevocationKnown ? Affirming
                : Warning,
            Configuration = !Passes(appraisal, "debug") || !Passes(appraisal, "attributes") ? Contraindicated
                : matches.Any(NamesConfiguration) ? Affirming
                : null,
            RuntimeOpaque = isOpen || quote.Platform == Sgx.PlatformKind.Simulated ? Contraindicated
                : isGenuine && !isHardwareBad ? Affirming
                : null,
        };
    }

    /// <summary>Reads the claims from an appraisal of a report of SEV-SNP. AMD signs no statuses, so hardware is affirmed only above a
    /// minimum that the policy names.</summary>
    /// <param name="report">The report.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="appraisal">The policy's appraisal of the report.</param>
    public static TrustVector Of(VerifiedSnpReport report, AttestationPolicy policy, Appraisal appraisal)
    {
        var isOpen = report.Report.IsDebug || !Passes(appraisal, "attributes");
        var isHardwareBad = !Passes(appraisal, "platform") || !Passes(appraisal, "tcb");
        var guests = policy.Identities.Where(identity => identity.Matches(report.Report)).Select(identity => identity.SnpGuest)
            .OfType<AcceptedSnpGuest>().ToList();
        return new TrustVector
        {
            Executables = !Passes(appraisal, "identity") ? Contraindicated : guests.Count == 0 ? null : ApprovedBoot,
            Hardware = isHardwareBad ? Contraindicated
                : !report.IsRootAmd ? null
                : !report.IsRevocationKnown ? Warning
                : guests.Any(guest => guest.MinimumTcb is { } minimum && report.Tcb.Reaches(minimum)) ? Affirming
                : null,
            Configuration = !Passes(appraisal, "debug") || !Passes(appraisal, "attributes") ? Contraindicated
                : guests.Any(guest => guest.GuestPolicies.Count > 0) ? Affirming
                : null,
            RuntimeOpaque = isOpen ? Contraindicated : report.IsRootAmd && !isHardwareBad ? Affirming : null,
        };
    }

    private static bool Passes(Appraisal appraisal, string rule) => appraisal.Checks.All(check => check.Rule != rule || check.Passed);

    private static bool NamesConfiguration(AcceptedIdentity identity) =>
        !identity.ConfigId.IsEmpty || identity.TrustDomain is { Attributes.Count: > 0, Rtmr0.Count: > 0 };
}
