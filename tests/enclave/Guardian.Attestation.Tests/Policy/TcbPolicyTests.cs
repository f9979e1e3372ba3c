using System.Text.Json.Nodes;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Tests.Synthetic;
using Guardian.Attestation.Verification;

namespace Guardian.Attestation.Tests.Policy;

/// <summary>The members of <c>tcb</c>: for each, evidence whose every signature holds and that this member alone must refuse.</summary>
public class TcbPolicyTests
{
    private const string Hardening = "INTEL-SA-00615";

    // Grace as it was: until some days after the newest level of any document.
    private static bool NaiveGrace(SyntheticPlatform platform, int days)
    {
        var newest = new[] { platform.TcbInfo.Content, platform.QeIdentity.Content }.Max(
            each => DateTimeOffset.Parse((string)each["tcbLevels"]![0]!["tcbDate"]!));
        return SyntheticPlatform.At <= newest + TimeSpan.FromDays(days);
    }

    [Theory]
    [InlineData("2018-01-04", true, "2024-03-13", "2026-05-15")]
    [InlineData("2024-03-13", true, "2025-11-12", "2026-05-15")]
    [InlineData("2026-05-15", true, "2026-05-15")]
    [InlineData("2018-01-04", false, "2026-04-15")]
    public void Grace_refuses_a_platform_that_missed_an_earlier_recovery(string own, bool naive, params string[] newer)
    {
        using var platform = new SyntheticPlatform();
        platform.SetPlatformLevels("UpToDate", own, newer);
        Assert.Equal(naive, NaiveGrace(platform, 30));
        Refuse(platform, WithGrace(30));
    }

    [Theory]
    [InlineData("2025-11-12", "2026-05-15")]
    [InlineData("2026-05-05", "2026-05-15", "2026-05-20")]
    public void Grace_accepts_a_platform_that_was_current_until_the_recovery(string own, params string[] newer)
    {
        using var platform = new SyntheticPlatform();
        platform.SetPlatformLevels("UpToDate", own, newer);
        Accept(platform, WithGrace(30));
        Refuse(platform, WithGrace(10));
        Refuse(platform, WithGrace(0));
    }

    [Fact]
    public void Grace_counts_for_the_quoting_enclave_and_the_module_by_their_own_levels()
    {
        using var platform = new SyntheticPlatform(TeeType.Tdx, 4);
        var module = platform.TcbInfo.Content["tdxModuleIdentities"]![0]!;
        foreach (var (list, set) in new (JsonNode, Action)[] { (platform.QeIdentity.Content, OldQe), (module, OldModule) })
        {
            var levels = list["tcbLevels"]!;
            set();
            (levels[0]!["tcbDate"], levels[1]!["tcbDate"]) = ("2026-05-15T00:00:00Z", "2025-11-12T00:00:00Z");
            Accept(platform, WithGrace(30));
            levels.AsArray().Insert(1, levels[0]!.DeepClone());
            (levels[1]!["tcbDate"], levels[1]!["tcbStatus"]) = ("2026-01-15T00:00:00Z", "OutOfDate");
            Refuse(platform, WithGrace(30));
            (levels[1]!["tcbDate"], levels[1]!["tcbStatus"]) = ("2026-05-16T00:00:00Z", "UpToDate");
            Accept(platform, WithGrace(30));
        }

        void OldQe() => platform.QeReport[258] = 6;
        void OldModule() => (platform.QeReport[258], platform.Body[0]) = (8, 3);
    }

    [Fact]
    public void Grace_refuses_a_platform_that_the_policy_would_refuse_after_the_update()
    {
        using var platform = new SyntheticPlatform();
        platform.SetPlatformLevels("SWHardeningNeeded", "2025-11-12", "2026-05-15");
        platform.TcbInfo.Content["tcbLevels"]![0]!["advisoryIDs"] = new JsonArray(Hardening);
        Assert.True(NaiveGrace(platform, 30));
        Refuse(platform, WithGrace(30));
        Accept(platform, WithGrace(30) with { Statuses = [TcbStatus.UpToDate, TcbStatus.SWHardeningNeeded] });
        Accept(platform, WithGrace(30) with { IgnoredAdvisories = [Hardening] });
        Refuse(platform, WithGrace(30) with { IgnoredAdvisories = ["INTEL-SA-00657"] });

        // Nor does an outdated quoting enclave hide the status of the platform.
        using var hidden = new SyntheticPlatform();
        hidden.TcbInfo.Content["tcbLevels"]![0]!["tcbStatus"] = "SWHardeningNeeded";
        hidden.QeIdentity.Content["tcbLevels"]![0]!["tcbDate"] = "2026-05-15T00:00:00Z";
        hidden.QeReport[258] = 6;
        Assert.True(NaiveGrace(hidden, 30));
        Refuse(hidden, WithGrace(30));
    }

    [Theory]
    [InlineData(TeeType.Sgx)]
    [InlineData(TeeType.Tdx)]
    public void The_least_evaluation_number_holds_for_every_document(TeeType tee)
    {
        using var platform = new SyntheticPlatform(tee, 4);
        var policy = AnyHardware with { MinimumEvaluation = 20 };
        Accept(platform, policy);
        platform.QeIdentity.Content["tcbEvaluationDataNumber"] = 19;
        // As it was, the number of the TCB info alone counted.
        Assert.True((int)platform.TcbInfo.Content["tcbEvaluationDataNumber"]! >= policy.MinimumEvaluation);
        Refuse(platform, policy, "evaluation");
        (platform.QeIdentity.Content["tcbEvaluationDataNumber"], platform.TcbInfo.Content["tcbEvaluationDataNumber"]) = (20, 19);
        Refuse(platform, policy, "evaluation");
    }

    [Fact]
    public void Hardening_is_accepted_for_the_ignored_advisories_alone_in_any_case()
    {
        using var platform = new SyntheticPlatform();
        var level = platform.TcbInfo.Content["tcbLevels"]![0]!;
        (level["tcbStatus"], level["advisoryIDs"]) = ("SWHardeningNeeded", new JsonArray(Hardening));
        Accept(platform, AnyHardware with { IgnoredAdvisories = [Hardening] });
        Accept(platform, AnyHardware with { IgnoredAdvisories = [Hardening.ToLowerInvariant()] });
        level["advisoryIDs"] = new JsonArray(Hardening, "INTEL-SA-00657");
        Refuse(platform, AnyHardware with { IgnoredAdvisories = [Hardening] });
        level["advisoryIDs"] = new JsonArray();
        Refuse(platform, AnyHardware with { IgnoredAdvisories = [Hardening] });
        (level["tcbStatus"], level["advisoryIDs"]) = ("ConfigurationAndSWHardeningNeeded", new JsonArray(Hardening));
        Refuse(platform, AnyHardware with { IgnoredAdvisories = [Hardening] });
    }

    private static AttestationPolicy WithGrace(int days) => AnyHardware with { Grace = TimeSpan.FromDays(days) };

    private static AttestationPolicy AnyHardware { get; } = new()
    {
        Identities = [AcceptedIdentity.Anyone], Platforms = [Guardian.Sgx.PlatformKind.Hardware],
    };

    private static void Accept(SyntheticPlatform platform, AttestationPolicy policy)
    {
        var appraisal = policy.Appraise(platform.Verified());
        Assert.True(appraisal.IsAccepted, string.Join('\n', appraisal.Checks));
    }

    private static void Refuse(SyntheticPlatform platform, AttestationPolicy policy, string rule = "tcb") =>
        Assert.Equal([rule], policy.Appraise(platform.Verified()).Checks.Where(check => !check.Passed).Select(check => check.Rule));
}
