using System.Text;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Snp;
using Guardian.Documents;
using Guardian.Policies;
using Guardian.Sgx;

namespace Guardian.Attestation.Tests.Snp;

/// <summary>Policies for guests of SEV-SNP: each member refuses an input that every signature supports.</summary>
public class SnpPolicyTests
{
    private const string Vector = "milan-v3-vcek-hostdata";

    private static readonly VerifiedSnpReport Guest = new SnpVector(Vector).Verify().Value!;

    private static string Measurement => Convert.ToHexStringLower(Guest.Report.Measurement.Span);

    [Theory]
    [InlineData("", null)]
    [InlineData("\n    host_data: [HOST]", null)]
    [InlineData("\n    host_data: [0000000000000000000000000000000000000000000000000000000000000000]", "identity")]
    [InlineData("\n    id_key_digest: [OTHER]", "identity")]
    [InlineData("\n    guest_policy: [0x3001f]", null)]
    [InlineData("\n    guest_policy: [0x30000]", "identity")]
    [InlineData("\n    guest_svn_min: 4000000000", "identity")]
    [InlineData("\n    tcb_min: {bootloader: 4, tee: 0, snp: 24, microcode: 219}", null)]
    [InlineData("\n    tcb_min: {bootloader: 4, tee: 0, snp: 24, microcode: 220}", "tcb")]
    [InlineData("\n    tcb_min: {bootloader: 4, tee: 0, snp: 25, microcode: 0}", "tcb")]
    [InlineData("\n    tcb_min: {fmc: 0, bootloader: 0, tee: 0, snp: 0, microcode: 0}", "tcb")]
    public void A_member_accepts_and_refuses(string member, string? refused)
    {
        var policy = Read($"attestation:\n  - measurement: [{Measurement}]{member}\n"
            .Replace("HOST", Convert.ToHexStringLower(Guest.Report.HostData.Span), StringComparison.Ordinal)
            .Replace("OTHER", new string('1', 96), StringComparison.Ordinal));
        Assert.Equal(refused is null ? [] : [refused], Failures(policy, Guest));
    }

    [Fact]
    public void Another_measurement_is_refused() =>
        Assert.Contains("identity", Failures(Read($"attestation:\n  - measurement: [{new string('0', 96)}]\n"), Guest));

    [Fact]
    public void Debug_and_migration_are_refused_unless_the_policy_names_them()
    {
        var debug = new SnpVector("s-debug-policy").Verify().Value!;
        Assert.Equal(["debug"], Failures(Anyone, debug));
        Assert.Empty(Failures(Anyone with { AllowDebug = true }, debug));

        var migrating = new SnpVector("s-migrate-ma").Verify().Value!;
        Assert.Equal(["attributes"], Failures(Anyone, migrating));
        var measurement = Convert.ToHexStringLower(migrating.Report.Measurement.Span);
        Assert.Equal(["attributes"], Failures(Read($"attestation:\n  - measurement: [{measurement}]\n"), migrating));
        Assert.Empty(Failures(
            Read($"attestation:\n  - measurement: [{measurement}]\n    guest_policy: [0x{migrating.Report.GuestPolicy:x}]\n"), migrating));
    }

    [Fact]
    public void A_less_privileged_part_of_the_guest_is_refused_unless_the_policy_names_it()
    {
        var guest = new SnpVector("milan-v3-vlek-us-east-2").Verify().Value!;
        Assert.Equal(["attributes"], Failures(Anyone, guest));
        var variant = $"attestation:\n  - measurement: [{Convert.ToHexStringLower(guest.Report.Measurement.Span)}]\n";
        Assert.Equal(["attributes"], Failures(Read(variant), guest));
        Assert.Empty(Failures(Read($"{variant}    vmpl_max: 1\n"), guest));
    }

    [Fact]
    public void The_rules_of_two_variants_do_not_combine()
    {
        var guest = new SnpVector("milan-v3-vlek-us-east-2").Verify().Value!;
        var measurement = Convert.ToHexStringLower(guest.Report.Measurement.Span);
        // The first accepts the privilege and demands newer firmware; the second accepts the firmware and not the privilege.
        var policy = Read(
            $"attestation:\n  - measurement: [{measurement}]\n    vmpl_max: 3\n"
            + "    tcb_min: {bootloader: 255, tee: 0, snp: 0, microcode: 0}\n"
            + $"  - measurement: [{measurement}]\n");
        Assert.NotEmpty(Failures(policy, guest));
    }

    [Fact]
    public void A_guest_satisfies_no_policy_for_enclaves_and_trust_domains_and_the_reverse()
    {
        Assert.Contains("identity", Failures(Read($"attestation:\n  - mrenclave: [{new string('0', 64)}]\n"), Guest));
        Assert.Contains("identity", Failures(Read($"attestation:\n  - mrtd: [{Measurement}]\n"), Guest));
        var snp = Read($"attestation:\n  - measurement: [{Measurement}]\n");
        Assert.DoesNotContain(
            snp.Identities, identity => identity.Matches(TestPlatform.Verifier.Verify(TestPlatform.Quote, TestPlatform.Now).Value!));
        Assert.Contains("platform", Failures(snp with { Platforms = [PlatformKind.Simulated] }, Guest));
    }

    [Theory]
    [InlineData("attestation:\n  - host_data: [00]\n", "name a guest by 'measurement'")]
    [InlineData("attestation:\n  - measurement: [00]\n", "'measurement' has 96 hex digits")]
    [InlineData("attestation:\n  - measurement: []\n", "must list at least one value")]
    [InlineData("attestation:\n  - {measurement: [HEX], mrenclave: [00]}\n", "mrenclave")]
    [InlineData("attestation:\n  - {measurement: [HEX], vmpl_max: 4}\n", "from 0 to 3")]
    [InlineData("attestation:\n  - {measurement: [HEX], guest_policy: [3]}\n", "written like 0x")]
    [InlineData("attestation:\n  - {measurement: [HEX], tcb_min: {snp: 1}}\n", "bootloader")]
    public void A_mistake_is_named(string text, string expected)
    {
        var problems = new DocumentProblems();
        var map = YamlDocument.Read(Encoding.UTF8.GetBytes(text.Replace("HEX", new string('0', 96), StringComparison.Ordinal)), problems)!;
        PolicyReader.Read(map, allowVirtualMachines: true);
        map.End();
        Assert.Contains(problems.Items, problem => problem.ToString().Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void Sessions_and_contracts_name_no_guests()
    {
        var problems = new DocumentProblems();
        PolicyReader.Read(YamlDocument.Read(Encoding.UTF8.GetBytes($"attestation:\n  - measurement: [{Measurement}]\n"), problems)!);
        Assert.True(problems.Any);
    }

    [Fact]
    public void The_identifier_of_a_policy_covers_each_member()
    {
        var texts = new[] { "", "host_data: [HOST]", "id_key_digest: [HEX]", "guest_policy: [0x1]", "vmpl_max: 1", "guest_svn_min: 1",
            "tcb_min: {bootloader: 1, tee: 1, snp: 1, microcode: 1}", "tcb_min: {fmc: 1, bootloader: 1, tee: 1, snp: 1, microcode: 1}" };
        var ids = texts.Select(text => Read($"attestation:\n  - measurement: [{Measurement}]\n    {text}\n"
            .Replace("HOST", new string('1', 64), StringComparison.Ordinal)
                .Replace("HEX", new string('1', 96), StringComparison.Ordinal)).Id);
        Assert.Equal(texts.Length, ids.Distinct().Count());
    }

    private static AttestationPolicy Anyone { get; } = new()
    {
        Identities = [AcceptedIdentity.Anyone],
        Platforms = [PlatformKind.Hardware],
    };

    private static IEnumerable<string> Failures(AttestationPolicy policy, VerifiedSnpReport guest) =>
        policy.Appraise(guest).Checks.Where(check => !check.Passed).Select(check => check.Rule);

    private static AttestationPolicy Read(string text)
    {
        var problems = new DocumentProblems();
        var map = YamlDocument.Read(Encoding.UTF8.GetBytes(text), problems)!;
        var policy = PolicyReader.Read(map, allowVirtualMachines: true);
        map.End();
        Assert.Empty(problems.Items);
        return policy;
    }
}
