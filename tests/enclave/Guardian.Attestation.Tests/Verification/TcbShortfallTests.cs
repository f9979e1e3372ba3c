using Guardian.Attestation.Collateral;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Verification;
using Guardian.Sgx;

namespace Guardian.Attestation.Tests.Verification;

/// <summary>Each component that is behind is named, with the version that it needs and the step that brings it there.</summary>
public class TcbShortfallTests
{
    [Theory]
    [InlineData("s-status-OutOfDate", "SGX TCB component", "update the host's BIOS and microcode")]
    [InlineData("s-status-ConfigurationNeeded", "SGX TCB component", "change the BIOS settings")]
    [InlineData("s-status-SWHardeningNeeded", "SGX TCB component", "build the enclave with the mitigations")]
    [InlineData(
        "s-qe-ood-OutOfDate", "quoting enclave's ISVSVN is 6, UpToDate needs 8", "update the host's quoting enclave (libsgx-ae-qe3)")]
    [InlineData("s-td-module-ood", "security version of TDX module 1 is 3, UpToDate needs 5", "update the host's TDX module")]
    [InlineData("s-td-relaunch-advised", "the trust domain was launched before its host was updated", "relaunch the trust domain")]
    public void A_component_that_is_behind_is_named_with_the_step(string name, string line, string step)
    {
        var vector = new VectorTests.Vector(name);
        var quote = QuoteVerifier.Verify(vector.Quote, vector.Collateral, vector.At, vector.Options).Value!;
        Assert.Contains(quote.Tcb!.Shortfall, each => each.StartsWith(line, StringComparison.Ordinal));
        Assert.Contains(quote.Tcb.Remedies, each => each.StartsWith(step, StringComparison.Ordinal));
        var policy = new AttestationPolicy { Identities = [AcceptedIdentity.Anyone], Platforms = [PlatformKind.Hardware] };
        var advice = policy.Appraise(quote).Checks.Single(check => check.Rule == "tcb").Advice;
        Assert.Contains(step, advice, StringComparison.Ordinal);
        Assert.Contains(line, advice, StringComparison.Ordinal);
    }

    [Fact]
    public void A_platform_that_is_up_to_date_is_not_named_for_its_quoting_enclave()
    {
        // Its level is UpToDate and not the first: seventeen lines about the platform would hide the one that counts.
        foreach (var name in VectorTests.Names().Select(row => row.Data))
        {
            var vector = new VectorTests.Vector(name);
            if (QuoteVerifier.Verify(vector.Quote, vector.Collateral, vector.At, vector.Options).Value?.Tcb is not { } tcb)
            {
                continue;
            }
            if (tcb.Platform.Status == TcbStatus.UpToDate)
            {
                Assert.DoesNotContain(tcb.Shortfall, line => line.StartsWith("SGX", StringComparison.Ordinal));
            }
            Assert.Equal(tcb.Status != TcbStatus.UpToDate, tcb.Remedies.Count > 0);
        }
    }

    [Theory]
    [InlineData("s-status-Revoked", "SGX TCB component 1 is 5", "update the host's BIOS and microcode")]
    [InlineData("s-qe-revoked", "quoting enclave's ISVSVN is", "update the host's quoting enclave (libsgx-ae-qe3)")]
    [InlineData("s-qe-svn-too-low", "the quoting enclave's ISVSVN 1 is below", "update the host's quoting enclave (libsgx-ae-qe3)")]
    [InlineData("s-td-module-unknown", "TDX module version 2", "fetch newer collateral")]
    public void A_refusal_names_the_component_and_the_step(string name, string detail, string step)
    {
        var vector = new VectorTests.Vector(name);
        var refusal = QuoteVerifier.Verify(vector.Quote, vector.Collateral, vector.At, vector.Options).Refusal!;
        Assert.Contains(detail, refusal.Detail, StringComparison.Ordinal);
        Assert.StartsWith(step, refusal.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("s-no-level-pcesvn", "PCESVN is 13, the lowest level needs 14")]
    [InlineData("s-no-level-comp16", "SGX TCB component 16 is 0, the lowest level needs")]
    [InlineData("tdx5-no-matching-level", "the lowest level needs")]
    public void No_matching_level_names_the_components_below_the_lowest_one(string name, string expected)
    {
        var vector = new VectorTests.Vector(name);
        var refusal = QuoteVerifier.Verify(vector.Quote, vector.Collateral, vector.At, vector.Options).Refusal!;
        Assert.Equal("not-supported", refusal.Code);
        Assert.Contains(expected, refusal.Detail, StringComparison.Ordinal);
    }
}
