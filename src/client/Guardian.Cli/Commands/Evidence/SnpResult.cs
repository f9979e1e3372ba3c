using System.Text.Json.Serialization;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Snp;
using Guardian.Cli.Commands.Quotes;
using Guardian.Cli.Output;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Evidence;

/// <summary>A report of SEV-SNP in the result of <c>verify</c>. A report that does not verify has no values of its own here.</summary>
internal sealed record SnpResult
{
    public required bool Verified { get; init; }

    public required bool Accepted { get; init; }

    public string? PolicyId { get; private init; }

    /// <summary>The key that signed: <c>vcek</c> or <c>vlek</c>.</summary>
    public string? Signer { get; private init; }

    public string? Product { get; private init; }

    /// <summary>The cloud provider of a VLEK.</summary>
    public string? Provider { get; private init; }

    public string? RootKeySha256 { get; private init; }

    public bool? RootIsAmd { get; private init; }

    public bool? RevocationChecked { get; private init; }

    public string? EarliestExpiry { get; private init; }

    public string? Measurement { get; private init; }

    public string? ReportData { get; private init; }

    public string? HostData { get; private init; }

    public string? IdKeyDigest { get; private init; }

    public string? AuthorKeyDigest { get; private init; }

    public string? ChipId { get; private init; }

    public string? GuestPolicy { get; private init; }

    public bool? Debug { get; private init; }

    public uint? Vmpl { get; private init; }

    public uint? GuestSvn { get; private init; }

    public string? Tcb { get; private init; }

    public IReadOnlyList<CheckResult>? Checks { get; private init; }

    /// <summary>The stage that refused; null when the report is accepted.</summary>
    public string? Stage { get; private init; }

    public string? Reason { get; private init; }

    public string? Detail { get; init; }

    /// <summary>The step that fixes a refusal.</summary>
    public string? Remedy { get; init; }

    /// <summary>Describes a report that does not verify.</summary>
    public static SnpResult Of(Refusal refusal) => new()
    {
        Verified = false,
        Accepted = false,
        Stage = refusal.Location?.Part,
        Reason = refusal.Code,
        Detail = refusal.Detail,
        Remedy = refusal.Remedy,
    };

    /// <summary>Describes a verified report.</summary>
    public static SnpResult Of(VerifiedSnpReport verified, AttestationPolicy policy, Appraisal appraisal)
    {
        var report = verified.Report;
        var refused = appraisal.Checks.Where(check => !check.Passed).ToList();
        return new SnpResult
        {
            Verified = true,
            Accepted = appraisal.IsAccepted,
            PolicyId = policy.Id,
            Signer = report.Signer == SnpSigner.Vlek ? "vlek" : "vcek",
            Product = verified.ProductName,
            Provider = verified.Provider,
            RootKeySha256 = verified.RootKeyHash,
            RootIsAmd = verified.IsRootAmd,
            RevocationChecked = verified.IsRevocationKnown,
            EarliestExpiry = Format.Instant(verified.EarliestExpiry),
            Measurement = Format.Hex(report.Measurement),
            ReportData = Format.Hex(report.ReportData),
            HostData = Format.Hex(report.HostData),
            IdKeyDigest = Format.Hex(report.IdKeyDigest),
            AuthorKeyDigest = Format.Hex(report.AuthorKeyDigest),
            ChipId = Format.Hex(report.ChipId),
            GuestPolicy = $"0x{report.GuestPolicy:x}",
            Debug = report.IsDebug,
            Vmpl = report.Vmpl,
            GuestSvn = report.GuestSvn,
            Tcb = verified.Tcb.ToString(),
            Checks = [.. appraisal.Checks.Select(check => new CheckResult(
                check.Rule, check.Passed, check.Found, check.Accepted, check.Passed ? null : check.Advice))],
            Stage = refused.Count > 0 ? "Policy" : null,
            Reason = refused.Count > 0 ? refused[0].Rule : null,
            Detail = refused.Count > 0 ? string.Join("; ", refused) : null,
        };
    }
}
