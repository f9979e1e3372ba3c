using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Snp;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Attestation.Tests.Policy;

/// <summary>The identifier of a policy stands for every value of it, and for no order of them.</summary>
public class PolicyIdTests
{
    private static readonly ReadOnlyMemory<byte> Other = new byte[48];

    private static readonly AcceptedIdentity Enclave = new()
    {
        MrEnclaves = [Measurement('1'), Measurement('2')],
    };

    private static readonly AttestationPolicy Policy = new() { Identities = [Enclave], Platforms = [PlatformKind.Hardware] };

    // For each public member of the four records, the policy with another value in it.
    private static readonly Dictionary<string, AttestationPolicy> Changes = new()
    {
        ["AttestationPolicy.Identities"] = Policy with { Identities = [Enclave, AcceptedIdentity.Anyone] },
        ["AttestationPolicy.Platforms"] = Policy with { Platforms = [PlatformKind.Hardware, PlatformKind.Simulated] },
        ["AttestationPolicy.AllowDebug"] = Policy with { AllowDebug = true },
        ["AttestationPolicy.Statuses"] = Policy with { Statuses = [] },
        ["AttestationPolicy.IgnoredAdvisories"] = Policy with { IgnoredAdvisories = ["INTEL-SA-00615"] },
        ["AttestationPolicy.Grace"] = Policy with { Grace = TimeSpan.FromDays(1) },
        ["AttestationPolicy.MinimumEvaluation"] = Policy with { MinimumEvaluation = 1 },
        ["AcceptedIdentity.MrEnclaves"] = With(new AcceptedIdentity { MrEnclaves = [Measurement('1')] }),
        ["AcceptedIdentity.MrSigner"] = With(Enclave with { MrSigner = default(MrSigner) }),
        ["AcceptedIdentity.IsvProdId"] = With(Enclave with { IsvProdId = 0 }),
        ["AcceptedIdentity.MinimumIsvSvn"] = With(Enclave with { MinimumIsvSvn = 0 }),
        ["AcceptedIdentity.MaximumIsvSvn"] = With(Enclave with { MaximumIsvSvn = 9 }),
        ["AcceptedIdentity.ConfigId"] = With(Enclave with { ConfigId = new byte[64] }),
        ["AcceptedIdentity.TrustDomain"] = With(new AcceptedTrustDomain { MrTds = [] }),
        ["AcceptedTrustDomain.MrTds"] = With(new AcceptedTrustDomain { MrTds = [Other] }),
        ["AcceptedTrustDomain.Rtmr0"] = With(new AcceptedTrustDomain { MrTds = [], Rtmr0 = [Other] }),
        ["AcceptedTrustDomain.Rtmr1"] = With(new AcceptedTrustDomain { MrTds = [], Rtmr1 = [Other] }),
        ["AcceptedTrustDomain.Rtmr2"] = With(new AcceptedTrustDomain { MrTds = [], Rtmr2 = [Other] }),
        ["AcceptedTrustDomain.Rtmr3"] = With(new AcceptedTrustDomain { MrTds = [], Rtmr3 = [Other] }),
        ["AcceptedTrustDomain.MrSeams"] = With(new AcceptedTrustDomain { MrTds = [], MrSeams = [Other] }),
        ["AcceptedTrustDomain.Attributes"] = With(new AcceptedTrustDomain { MrTds = [], Attributes = [0] }),
        ["AcceptedTrustDomain.Xfams"] = With(new AcceptedTrustDomain { MrTds = [], Xfams = [0] }),
        ["AcceptedTrustDomain.MrConfigIds"] = With(new AcceptedTrustDomain { MrTds = [], MrConfigIds = [Other] }),
        ["AcceptedTrustDomain.MrOwners"] = With(new AcceptedTrustDomain { MrTds = [], MrOwners = [Other] }),
        ["AcceptedTrustDomain.MrOwnerConfigs"] = With(new AcceptedTrustDomain { MrTds = [], MrOwnerConfigs = [Other] }),
        ["AcceptedIdentity.SnpGuest"] = With(new AcceptedSnpGuest { Measurements = [] }),
        ["AcceptedSnpGuest.Measurements"] = With(new AcceptedSnpGuest { Measurements = [Other] }),
        ["AcceptedSnpGuest.HostData"] = With(new AcceptedSnpGuest { Measurements = [], HostData = [Other] }),
        ["AcceptedSnpGuest.IdKeyDigests"] = With(new AcceptedSnpGuest { Measurements = [], IdKeyDigests = [Other] }),
        ["AcceptedSnpGuest.GuestPolicies"] = With(new AcceptedSnpGuest { Measurements = [], GuestPolicies = [0] }),
        ["AcceptedSnpGuest.MaximumVmpl"] = With(new AcceptedSnpGuest { Measurements = [], MaximumVmpl = 1 }),
        ["AcceptedSnpGuest.MinimumGuestSvn"] = With(new AcceptedSnpGuest { Measurements = [], MinimumGuestSvn = 1 }),
        ["AcceptedSnpGuest.MinimumTcb"] = With(new AcceptedSnpGuest { Measurements = [], MinimumTcb = default(SnpTcb) }),
    };

    [Fact]
    public void Every_member_changes_the_identifier()
    {
        var members = new[] { typeof(AttestationPolicy), typeof(AcceptedIdentity), typeof(AcceptedTrustDomain), typeof(AcceptedSnpGuest) }
            .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(property => property.CanWrite).Select(property => $"{type.Name}.{property.Name}"));
        Assert.Equal(members.Order(StringComparer.Ordinal), Changes.Keys.Order(StringComparer.Ordinal));
        var identifiers = Changes.Values.Append(Policy).Select(policy => policy.Id).ToList();
        Assert.Equal(identifiers.Count, identifiers.Distinct().Count());
    }

    [Fact]
    public void Order_and_repetition_do_not_change_the_identifier()
    {
        var policy = Policy with { IgnoredAdvisories = ["INTEL-SA-00615", "INTEL-SA-00657"], Statuses = [TcbStatus.UpToDate] };
        var same = policy with
        {
            Identities = [Enclave with { MrEnclaves = [.. Enclave.MrEnclaves.Reverse()] }, Enclave],
            IgnoredAdvisories = ["intel-sa-00657", "INTEL-SA-00615", "INTEL-SA-00657"],
            Statuses = [TcbStatus.UpToDate, TcbStatus.UpToDate],
        };
        Assert.Equal(policy.Id, same.Id);
    }

    [Fact]
    public void The_identifier_is_the_hash_of_a_documented_text()
    {
        var text = $$"""{"attestation":[{"mrenclave":["{{new string('1', 64)}}","{{new string('2', 64)}}"]}],"platforms":["hardware"],"""
            + "\"debug\":false,\"statuses\":[\"UpToDate\"],\"ignored_advisories\":[],\"evaluation_min\":0,\"grace_seconds\":0}";
        Assert.Equal("sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))), Policy.Id);
    }

    private static MrEnclave Measurement(char digit) =>
        MrEnclave.TryParse(new string(digit, 64), out var value) ? value : throw new FormatException();

    private static AttestationPolicy With(AcceptedIdentity identity) => Policy with { Identities = [identity] };

    private static AttestationPolicy With(AcceptedTrustDomain domain) => With(new AcceptedIdentity { TrustDomain = domain });

    private static AttestationPolicy With(AcceptedSnpGuest guest) => With(new AcceptedIdentity { SnpGuest = guest });
}
