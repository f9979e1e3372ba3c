using System.Globalization;
using Guardian.Attestation.Snp;
using Guardian.Sgx;

namespace Guardian.Attestation.Policy;

/// <summary>The rules of a policy for a guest of SEV-SNP, by the same names as those for a quote.</summary>
internal static class SnpAppraisal
{
    public static Appraisal Of(AttestationPolicy policy, VerifiedSnpReport verified)
    {
        var report = verified.Report;
        var matches = policy.Identities.Where(identity => identity.Matches(report)).Select(identity => identity.SnpGuest).ToList();
        // The rules of one variant hold together: a minimum of one does not combine with the privilege of another.
        var guests = matches.Count > 0 ? matches : [null];
        var isClosed = guests.Any(guest => IsClosed(report, guest));
        var isCurrent = guests.Any(guest => IsClosed(report, guest) == isClosed && IsCurrent(verified, guest));
        return new Appraisal(
        [
            new(
                "platform", policy.Platforms.Contains(PlatformKind.Hardware), "hardware",
                string.Join(" or ", policy.Platforms.Select(AttestationPolicy.WordOf)), "accept hardware platforms"),
            new(
                "debug", policy.AllowDebug || !report.IsDebug, report.IsDebug ? "debug guest" : "production guest",
                policy.AllowDebug ? "either" : "production guest", "launch the guest with a policy without the DEBUG bit"),
            new(
                "identity", matches.Count > 0, AcceptedSnpGuest.Describe(report), string.Join("; or ", policy.Identities),
                "compare with the measurement of the guest that you trust"),
            new(
                "attributes", isClosed,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"VMPL {report.Vmpl}, {(report.MayMigrate ? "a migration agent" : "no migration agent")}"),
                "VMPL 0, or up to 'vmpl_max'; no migration agent, or a value under 'guest_policy'",
                report.MayMigrate
                    ? "launch the guest with a policy without MIGRATE_MA"
                    : "name 'vmpl_max' if a less privileged part may ask"),
            new(
                "tcb", isCurrent, verified.Tcb.ToString(), DescribeMinimum(matches), "update the platform's firmware and microcode"),
        ]);
    }

    // An identity of anyone has no guest, and neither has a report that matches nothing: then the strictest rules count.
    private static bool IsClosed(SnpReport report, AcceptedSnpGuest? guest) =>
        report.Vmpl <= (guest?.MaximumVmpl ?? 0) && (!report.MayMigrate || guest?.GuestPolicies.Count > 0);

    private static bool IsCurrent(VerifiedSnpReport verified, AcceptedSnpGuest? guest) =>
        guest?.MinimumTcb is not { } minimum || verified.Tcb.Reaches(minimum);

    private static string DescribeMinimum(List<AcceptedSnpGuest?> matches)
    {
        var minima = matches.Select(guest => guest?.MinimumTcb?.ToString()).ToList();
        return minima.Count == 0 || minima.Contains(null)
            ? "any: AMD publishes no statuses, so name a minimum with 'tcb_min'"
            : $"at least {string.Join("; or ", minima.Distinct())}";
    }
}
