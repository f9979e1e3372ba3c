using System.Text;
using Guardian.Attestation.Policy;
using Guardian.Documents;
using Guardian.Policies;
using Guardian.Sgx;
using Guardian.Simulation.Processor;

namespace Guardian.Attestation.Tests.Policy;

public class AttestationPolicyTests
{
    private static readonly string Measurement = TestPlatform.Enclave.Identity.MrEnclave.ToString();
    private static readonly string Signer = TestPlatform.Enclave.Identity.MrSigner.ToString();
    private static readonly string Zeros = new('0', 64);

    [Fact]
    public void Each_rule_names_the_found_and_the_accepted_value()
    {
        var policy = Read($"attestation: [{{mrenclave: [{Zeros}]}}]\n");
        using var debug = TestPlatform.Launch(3, more: AttributeFlags.Debug);
        var checks = policy.Appraise(TestPlatform.Verified(debug)).Checks.ToDictionary(check => check.Rule, check => check.ToString());
        Assert.Equal("platform: found simulated; accepted hardware", checks["platform"]);
        Assert.Equal("debug: found debug enclave; accepted production enclave", checks["debug"]);
        Assert.Equal(
            $"identity: found mrenclave {debug.Identity.MrEnclave}, mrsigner {Signer}, isvprodid 1, isvsvn 5; "
            + $"accepted mrenclave {Zeros}",
            checks["identity"]);
    }

    [Theory]
    [InlineData(0, 1, 5, true)]
    [InlineData(0, 1, 6, false)]
    [InlineData(0, 2, 5, false)]
    [InlineData(1, 1, 5, false)]
    public void A_signer_counts_with_product_and_least_version(int wrongSigner, int product, int version, bool accepted)
    {
        var signer = wrongSigner == 0 ? Signer : Zeros;
        var policy = Read(
            $"attestation: [{{signer: {{mrsigner: {signer}, isvprodid: {product}, isvsvn_min: {version}}}}}]\nplatforms: [simulated]\n");
        Assert.Equal(accepted, policy.Appraise(TestPlatform.Verified(TestPlatform.Enclave)).IsAccepted);
    }

    [Theory]
    [InlineData("attestation: [{mrenclave: [MEASUREMENT]}]\nplatforms: [simulated]\n", true)]
    [InlineData("attestation: [{mrenclave: [ZEROS, MEASUREMENT]}]\nplatforms: [hardware, simulated]\n", true)]
    [InlineData("attestation: [{mrenclave: [ZEROS]}, {mrenclave: [MEASUREMENT]}]\nplatforms: [simulated]\n", true)]
    [InlineData(
        "attestation: [{mrenclave: [MEASUREMENT], signer: {mrsigner: ZEROS, isvprodid: 1, isvsvn_min: 0}}]\n"
        + "platforms: [simulated]\n",
        false)]
    [InlineData("attestation: [{mrenclave: [MEASUREMENT]}]\n", false)]
    [InlineData("attestation: [{mrenclave: [MEASUREMENT]}]\nplatforms: [hardware]\n", false)]
    public void Any_variant_admits_and_within_one_all_must_hold(string text, bool accepted) =>
        Assert.Equal(
            accepted,
            Read(text.Replace("MEASUREMENT", Measurement, StringComparison.Ordinal).Replace("ZEROS", Zeros, StringComparison.Ordinal))
                .Appraise(TestPlatform.Verified(TestPlatform.Enclave)).IsAccepted);

    [Fact]
    public void A_debug_enclave_is_accepted_only_by_a_policy_that_allows_it()
    {
        using var debug = TestPlatform.Launch(3, more: AttributeFlags.Debug);
        var text = $"attestation: [{{mrenclave: [{debug.Identity.MrEnclave}]}}]\nplatforms: [simulated]\n";
        Assert.False(Read(text).Appraise(TestPlatform.Verified(debug)).IsAccepted);
        Assert.True(Read(text + "debug: true\n").Appraise(TestPlatform.Verified(debug)).IsAccepted);
    }

    [Fact]
    public void An_identity_that_names_nobody_matches_nobody() =>
        Assert.False(new AcceptedIdentity { IsvProdId = 1 }.Matches(TestPlatform.Enclave.Identity));

    [Theory]
    [InlineData("platforms: [simulated]\n", "'attestation' must list at least one")]
    [InlineData("attestation: []\n", "1:")]
    [InlineData("attestation: [{}]\n", "name an enclave")]
    [InlineData("attestation: [{mrenclave: [abc]}]\n", "64 hex digits, not 'abc'")]
    [InlineData("attestation: [{signer: {mrsigner: ZEROS, isvsvn_min: 1}}]\n", "isvprodid")]
    [InlineData("attestation: [{signer: {mrsigner: ZEROS, isvprodid: 65536, isvsvn_min: 1}}]\n", "65535")]
    [InlineData(
        "attestation: [{signer: "
        + "{mrsigner: 83d719e77deaca1470f6baf62a4d774303c899db69020f9c70ee1dfc08c7ce9e, isvprodid: 1, isvsvn_min: 1}}]\n",
        "sample key")]
    [InlineData("attestation: [{mrenclave: [ZEROS], nonce: 1}]\n", "nonce")]
    [InlineData("attestation: [{mrenclave: [ZEROS]}]\nplatforms: [paper]\n", "2:13")]
    [InlineData("attestation: [{mrenclave: [ZEROS]}]\nplatforms: []\n", "'platforms' must list")]
    [InlineData("attestation: [{mrenclave: [ZEROS]}]\ndebug: perhaps\n", "2:8")]
    [InlineData("attestation: [{mrenclave: [ZEROS]}]\ntcb: {ignored_advisories: [INTEL-SA-00615, intel-sa-00657]}\n",
        "2:44: an advisory is named like INTEL-SA-00615, not 'intel-sa-00657'")]
    [InlineData("attestation: [{mrenclave: [ZEROS]}]\ntcb: {ignored_advisories: [INTEL-SA-0615]}\n", "2:28")]
    [InlineData("attestation: [{mrenclave: [ZEROS]}]\ntcb: {ignored_advisories: [INTEL-SA-006150]}\n", "2:28")]
    [InlineData("attestation: [{mrenclave: [ZEROS]}]\ntcb: {ignored_advisories: [INTEL-SA-O0615]}\n", "2:28")]
    [InlineData("attestation: [{mrenclave: [ZEROS]}]\ntcb: {ignored_advisories: ['INTEL-SA-00615 ']}\n", "2:28")]
    [InlineData("attestation: [{mrenclave: [ZEROS]}]\ntcb: {ignored_advisories: [00615]}\n", "2:28")]
    public void A_problem_names_its_place_in_the_document(string text, string expected)
    {
        var problems = new DocumentProblems();
        var map = YamlDocument.Read(Encoding.UTF8.GetBytes(text.Replace("ZEROS", Zeros, StringComparison.Ordinal)), problems)!;
        PolicyReader.Read(map);
        map.End();
        Assert.Contains(problems.Items, problem => problem.ToString().Contains(expected, StringComparison.Ordinal));
    }

    private static AttestationPolicy Read(string text)
    {
        var problems = new DocumentProblems();
        var policy = PolicyReader.Read(YamlDocument.Read(Encoding.UTF8.GetBytes(text), problems)!);
        Assert.Empty(problems.Items);
        return policy;
    }
}
