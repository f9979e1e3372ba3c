using System.Text;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Tests.Synthetic;
using Guardian.Documents;
using Guardian.Policies;

namespace Guardian.Attestation.Tests.Policy;

/// <summary>The members that name trust domains: for each, a correctly signed quote that this member alone must refuse.</summary>
public class TrustDomainPolicyTests
{
    private static readonly string Measurement = new('3', 96);
    private static readonly string Other = new('4', 96);

    [Theory]
    [InlineData("mrtd")]
    [InlineData("rtmr0")]
    [InlineData("rtmr1")]
    [InlineData("rtmr2")]
    [InlineData("rtmr3")]
    [InlineData("mrseam")]
    public void A_trust_domain_with_another_measurement_is_refused(string name)
    {
        using var platform = new SyntheticPlatform(TeeType.Tdx, 4);
        string Variant(string value) => name == "mrtd" ? $"mrtd: [{value}]" : $"mrtd: [{Measurement}], {name}: [{value}]";
        Assert.Empty(Refused(platform, $"attestation: [{{{Variant(Measurement)}}}]\n"));
        Assert.Empty(Refused(platform, $"attestation: [{{{Variant($"{Other}, {Measurement}")}}}]\n"));
        Assert.Empty(Refused(platform, $"attestation: [{{{Variant(Other)}}}, {{mrtd: [{Measurement}]}}]\n"));
        Assert.Equal(["identity"], Refused(platform, $"attestation: [{{{Variant(Other)}}}]\n"));
    }

    [Theory]
    [InlineData(120, 0x01, "debug")]
    [InlineData(120, 0x10, "debug")]
    [InlineData(120, 0x80, "debug")]
    [InlineData(123, 0x00, "attributes")]
    [InlineData(123, 0x40, "attributes")]
    [InlineData(123, 0x30, "attributes")]
    public void Attributes_that_let_the_host_in_are_refused_with_every_policy(int offset, byte value, string rule)
    {
        using var platform = new SyntheticPlatform(TeeType.Tdx, 4);
        platform.Body[offset] = value;
        var quote = platform.Verified();
        var anyone = new AttestationPolicy { Identities = [AcceptedIdentity.Anyone], Platforms = [Guardian.Sgx.PlatformKind.Hardware] };
        Assert.Equal([rule], anyone.Appraise(quote).Checks.Where(check => !check.Passed).Select(check => check.Rule));
        Assert.Contains(rule, Refused(platform, $"attestation: [{{mrtd: [{Measurement}]}}]\n"));
        // A policy that names this very value says otherwise, and debugging needs its own word besides.
        var named = $"attestation: [{{mrtd: [{Measurement}], tdattributes: [0x{quote.TdReport!.TdAttributes:x}]}}]\n";
        Assert.Equal(rule == "debug" ? ["debug"] : [], Refused(platform, named));
        Assert.Empty(Refused(platform, named + "debug: true\n"));
        // The value counts only with the rest of its variant.
        Assert.Contains("identity", Refused(platform, named.Replace(Measurement, Other, StringComparison.Ordinal)));
    }

    [Fact]
    public void Named_attributes_refuse_every_other_value()
    {
        using var platform = new SyntheticPlatform(TeeType.Tdx, 5, 3);
        Assert.Empty(Refused(platform, $"attestation: [{{mrtd: [{Measurement}], tdattributes: [0x10000000]}}]\n"));
        Assert.Equal(["identity"], Refused(platform, $"attestation: [{{mrtd: [{Measurement}], tdattributes: [0x50000000, 0x0]}}]\n"));
    }

    [Fact]
    public void A_trust_domain_is_no_enclave_and_an_enclave_is_no_trust_domain()
    {
        using var domain = new SyntheticPlatform(TeeType.Tdx, 4);
        using var enclave = new SyntheticPlatform();
        Assert.Equal(["identity"], Refused(domain, $"attestation: [{{mrenclave: [{new string('3', 64)}]}}]\n"));
        Assert.Equal(["identity"], Refused(enclave, $"attestation: [{{mrtd: [{Measurement}]}}]\n"));
        var both = new AcceptedIdentity
        {
            MrEnclaves = [enclave.Verified().Report.MrEnclave],
            TrustDomain = new AcceptedTrustDomain { MrTds = [Convert.FromHexString(Measurement)] },
        };
        Assert.False(both.Matches(domain.Verified()));
        Assert.False(both.Matches(enclave.Verified()));
        Assert.False(new AcceptedIdentity { TrustDomain = new AcceptedTrustDomain { MrTds = [] } }.Matches(domain.Verified()));
    }

    [Theory]
    [InlineData("{mrtd: [abc]}", "1:23: 'mrtd' has 96 hex digits, not 'abc'")]
    [InlineData("{mrtd: []}", "'mrtd' must list at least one value")]
    [InlineData("{mrtd: [HEX], rtmr2: []}", "'rtmr2' must list at least one value")]
    [InlineData("{rtmr1: [HEX]}", "name a trust domain by 'mrtd'")]
    [InlineData("{mrtd: [HEX], rtmr4: [HEX]}", "'rtmr4' is not known here")]
    [InlineData("{mrtd: [HEX], mrenclave: [HEX]}", "'mrenclave' is not known here")]
    [InlineData("{mrtd: [HEX], configid: HEX}", "'configid' is not known here")]
    [InlineData("{mrtd: [HEX], tdattributes: [268435456]}", "written like 0x10000000, not '268435456'")]
    [InlineData("{mrtd: [HEX], tdattributes: [0x10000000000000000]}", "written like 0x10000000")]
    public void A_problem_names_its_place_in_the_document(string variant, string expected)
    {
        var problems = new DocumentProblems();
        Read($"attestation: [{variant.Replace("HEX", Measurement, StringComparison.Ordinal)}]\n", problems, allowTrustDomains: true);
        Assert.Contains(problems.Items, problem => problem.ToString().Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void A_document_about_enclaves_alone_does_not_know_trust_domains()
    {
        var problems = new DocumentProblems();
        Read($"attestation: [{{mrtd: [{Measurement}]}}]\n", problems, allowTrustDomains: false);
        Assert.Contains(problems.Items, problem => problem.ToString().Contains("'mrtd' is not known here", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Refused(SyntheticPlatform platform, string text)
    {
        var problems = new DocumentProblems();
        var policy = Read(text, problems, allowTrustDomains: true);
        Assert.Empty(problems.Items);
        return policy.Appraise(platform.Verified()).Checks.Where(check => !check.Passed).Select(check => check.Rule);
    }

    private static AttestationPolicy Read(string text, DocumentProblems problems, bool allowTrustDomains)
    {
        var map = YamlDocument.Read(Encoding.UTF8.GetBytes(text), problems)!;
        var policy = PolicyReader.Read(map, allowTrustDomains);
        map.End();
        return policy;
    }
}
