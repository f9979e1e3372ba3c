using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Tests.Synthetic;
using Guardian.Attestation.Verification;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Attestation.Tests.Policy;

/// <summary>A token affirms only what a policy checked, and cannot be used later, elsewhere or for another policy.</summary>
public sealed class AttestationTokenTests : IDisposable
{
    private static readonly DateTimeOffset At = DateTimeOffset.Parse("2025-07-01T00:00:00Z");
    private static readonly DateTimeOffset IssuedAt = At.AddSeconds(5);
    private static readonly VerifiedQuote Domain = Intel("tdx4-uptodate");
    private static readonly VerifiedQuote Enclave = Intel("sgx3-processor-cfg-and-swh");
    private static readonly AttestationPolicy Anyone = new()
    {
        Identities = [AcceptedIdentity.Anyone], Platforms = [PlatformKind.Hardware],
    };

    private readonly IdentityKey key = IdentityKey.Create();

    public void Dispose() => key.Dispose();

    // The token as it was: a rule that did not fail was affirmed.
    private static (string Status, int Executables, int Hardware, int Configuration, int RuntimeOpaque) Naive(
        VerifiedQuote quote, AttestationPolicy policy)
    {
        var appraisal = policy.Appraise(quote);
        bool Passed(string rule) => appraisal.Checks.All(check => check.Rule != rule || check.Passed);
        var hardware = !Passed("tcb") || !Passed("platform") ? 96 : quote.Tcb?.Status == TcbStatus.UpToDate ? 2 : 32;
        return (
            !appraisal.IsAccepted ? "contraindicated" : hardware == 32 ? "warning" : "affirming",
            Passed("identity") ? 2 : 96, hardware, Passed("debug") ? 2 : 96, quote.IsDebug ? 96 : 2);
    }

    [Fact]
    public void Without_a_policy_nothing_is_affirmed_but_hardware()
    {
        Assert.Equal(("affirming", 2, 2, 2, 2), Naive(Domain, Anyone));
        AssertVector("none", null, 2, null, 2, Domain, Anyone);
    }

    [Fact]
    public void A_trust_domain_whose_firmware_alone_is_named_is_not_affirmed()
    {
        var td = Domain.TdReport!;
        var firmware = new AcceptedTrustDomain { MrTds = [td.MrTd] };
        Assert.Equal("affirming", Naive(Domain, Naming(firmware)).Status);
        AssertVector("none", null, 2, null, 2, Domain, Naming(firmware));
        AssertVector("none", null, 2, null, 2, Domain, Naming(firmware with { Rtmr1 = [td.Rtmr(1)] }));
        AssertVector("none", null, 2, null, 2, Domain, Naming(firmware with { Rtmr0 = [td.Rtmr(0)], Rtmr2 = [td.Rtmr(2)] }));
        var booted = firmware with { Rtmr1 = [td.Rtmr(1)], Rtmr2 = [td.Rtmr(2)] };
        AssertVector("affirming", 3, 2, null, 2, Domain, Naming(booted));
        // Another variant that names the registers, and does not match, affirms nothing.
        AssertVector("none", null, 2, null, 2, Domain, Naming(firmware, booted with { MrTds = [new byte[48]] }));
        AssertVector(
            "affirming", 3, 2, 2, 2, Domain, Naming(booted with { Rtmr0 = [td.Rtmr(0)], Attributes = [td.TdAttributes] }));
        AssertVector("contraindicated", 96, 2, null, 2, Domain, Naming(booted with { Rtmr1 = [td.Rtmr(2)] }));
    }

    [Fact]
    public void A_status_that_the_policy_accepts_is_a_warning_all_the_same()
    {
        var policy = Naming(Enclave.Report.MrEnclave);
        AssertVector("contraindicated", 2, 96, null, null, Enclave, policy);
        var lenient = policy with { Statuses = [TcbStatus.ConfigurationAndSWHardeningNeeded] };
        AssertVector("warning", 2, 32, null, 2, Enclave, lenient);
    }

    [Fact]
    public void Hardware_under_another_root_than_intels_is_not_affirmed()
    {
        using var platform = new SyntheticPlatform();
        var quote = platform.Verified();
        var policy = Naming(quote.Report.MrEnclave);
        Assert.Equal(("affirming", 2, 2, 2, 2), Naive(quote, policy));
        AssertVector("none", 2, null, null, null, quote, policy);
        var root = Submodule(Claims(quote, policy))["guardian.root"]!;
        Assert.Equal((quote.RootKeyHash, false), ((string?)root["keySha256"], (bool)root["isIntel"]!));
        Assert.StartsWith("not Intel's", (string?)root["name"]);
    }

    [Fact]
    public void Collateral_without_revocation_lists_is_a_warning()
    {
        var quote = Intel("tdx4-uptodate", collateral => collateral with { RootCaCrl = default, PckCrl = default });
        Assert.Equal("affirming", Naive(quote, Anyone).Status);
        AssertVector("warning", null, 32, null, 2, quote, Anyone);
        Assert.False((bool)Submodule(Claims(quote, Anyone))["guardian.tcb"]!["revocationChecked"]!);
        var half = Intel("tdx4-uptodate", collateral => collateral with { PckCrl = default });
        AssertVector("warning", null, 32, null, 2, half, Anyone);
    }

    [Fact]
    public void Collateral_of_an_old_evaluation_contraindicates_the_hardware()
    {
        var policy = Anyone with { MinimumEvaluation = 18 };
        Assert.Equal(2, Naive(Domain, policy).Hardware);
        AssertVector("contraindicated", null, 96, null, null, Domain, policy);
    }

    [Fact]
    public void A_debug_enclave_is_contraindicated_under_every_policy()
    {
        using var platform = new SyntheticPlatform();
        platform.Body[48] |= 2;
        var quote = platform.Verified();
        var policy = Naming(quote.Report.MrEnclave);
        AssertVector("contraindicated", 2, null, 96, 96, quote, policy);
        Assert.Equal("affirming", Naive(quote, policy with { AllowDebug = true }).Status);
        AssertVector("contraindicated", 2, null, null, 96, quote, policy with { AllowDebug = true });
    }

    [Fact]
    public void A_simulated_platform_is_contraindicated_under_every_policy()
    {
        var quote = TestPlatform.Verified(TestPlatform.Enclave);
        Assert.NotEqual("contraindicated", Naive(quote, TestPlatform.Policy).Status);
        AssertVector("contraindicated", 2, 96, null, 96, quote, TestPlatform.Policy);
    }

    [Fact]
    public void A_configuration_is_affirmed_if_the_policy_names_it()
    {
        using var platform = new SyntheticPlatform();
        platform.Body[192] = 9;
        var quote = platform.Verified();
        var policy = Anyone with
        {
            Identities =
            [
                new AcceptedIdentity { MrEnclaves = [quote.Report.MrEnclave], ConfigId = quote.Report.ConfigId },
            ],
        };
        AssertVector("none", 2, null, 2, null, quote, policy);
    }

    [Fact]
    public void Anyone_beside_a_name_affirms_only_the_enclave_that_is_named()
    {
        var zeros = new AcceptedIdentity { MrEnclaves = [default] };
        var named = new AcceptedIdentity { MrEnclaves = [Enclave.Report.MrEnclave] };
        var policy = Anyone with { Statuses = [TcbStatus.ConfigurationAndSWHardeningNeeded] };
        AssertVector("warning", null, 32, null, 2, Enclave, policy with { Identities = [AcceptedIdentity.Anyone, zeros] });
        AssertVector("warning", 2, 32, null, 2, Enclave, policy with { Identities = [AcceptedIdentity.Anyone, named] });
    }

    [Fact]
    public void A_token_ends_an_hour_after_the_verification_or_with_its_collateral()
    {
        var claims = Claims(Domain, Anyone);
        Assert.Equal(
            (IssuedAt.ToUnixTimeSeconds(), At.ToUnixTimeSeconds(), At.AddHours(1).ToUnixTimeSeconds()),
            ((long)claims["iat"]!, (long)claims["nbf"]!, (long)claims["exp"]!));
        var end = Domain.Tcb!.EarliestExpiry;
        var last = Intel("tdx4-uptodate", at: end.AddMinutes(-1));
        Assert.Equal(end.ToUnixTimeSeconds(), (long)Claims(last, Anyone)["exp"]!);
        // A verification of the past makes no token of the present.
        var late = Parse(AttestationToken.Sign(Domain, Anyone, key, At.AddDays(30)));
        Assert.True((long)late["exp"]! < (long)late["iat"]!);
    }

    [Fact]
    public void A_token_repeats_the_nonce_of_the_party_that_asked()
    {
        Assert.Null(Claims(Domain, Anyone)["eat_nonce"]);
        Assert.Equal("n0nce-of-8", (string?)Parse(AttestationToken.Sign(Domain, Anyone, key, IssuedAt, "n0nce-of-8"))["eat_nonce"]);
        foreach (var bad in new[] { "", "1234567", new string('x', 89), "with blank", "tab\t5678", "ümlaut-x" })
        {
            Assert.Throws<ArgumentException>(() => AttestationToken.Sign(Domain, Anyone, key, IssuedAt, bad));
        }
    }

    [Fact]
    public void A_token_names_its_key_root_collateral_and_policy()
    {
        var token = AttestationToken.Sign(Domain, Anyone, key, IssuedAt);
        var parts = token.Split('.');
        var header = JsonNode.Parse(Base64Url.DecodeFromChars(parts[0]))!;
        var point = key.SubjectPublicKeyInfo.AsSpan()[^64..];
        var (x, y) = (Base64Url.EncodeToString(point[..32]), Base64Url.EncodeToString(point[32..]));
        var jwk = $$"""{"crv":"P-256","kty":"EC","x":"{{x}}","y":"{{y}}"}""";
        Assert.Equal(Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(jwk))), (string?)header["kid"]);
        Assert.True(IdentityKey.Verify(
            key.SubjectPublicKeyInfo, Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2])));
        var submodule = Submodule(Parse(token));
        Assert.Equal(Anyone.Id, (string?)submodule["ear.appraisal-policy-id"]);
        Assert.NotEqual(Anyone.Id, (string?)Submodule(Claims(Domain, Anyone with { AllowDebug = true }))["ear.appraisal-policy-id"]);
        Assert.Equal((TrustAnchor.Intel.KeyHash, true),
            ((string?)submodule["guardian.root"]!["keySha256"], (bool)submodule["guardian.root"]!["isIntel"]!));
        var tcb = submodule["guardian.tcb"]!;
        Assert.Equal(
            ("UpToDate", "2024-03-13", 17, Domain.Tcb!.EarliestExpiry.ToUnixTimeSeconds(), true),
            ((string?)tcb["status"], (string?)tcb["date"], (int)tcb["tcbEvaluationDataNumber"]!, (long)tcb["collateralExpiry"]!,
                (bool)tcb["revocationChecked"]!));
    }

    private static AttestationPolicy Naming(params AcceptedTrustDomain[] domains) => Anyone with
    {
        Identities = [.. domains.Select(each => new AcceptedIdentity { TrustDomain = each })],
    };

    private static AttestationPolicy Naming(MrEnclave enclave) => Anyone with
    {
        Identities = [new AcceptedIdentity { MrEnclaves = [enclave] }],
    };

    private static VerifiedQuote Intel(
        string name, Func<QuoteCollateral, QuoteCollateral>? change = null, DateTimeOffset? at = null)
    {
        var folder = Repository.File("tests", "vectors", "dcap", name);
        var collateral = CollateralFiles.Read(folder).Value!;
        return QuoteVerifier.Verify(
            File.ReadAllBytes(Path.Combine(folder, "quote.bin")), change?.Invoke(collateral) ?? collateral, at ?? At,
            VerifierOptions.IntelOnly with { RequireRevocationLists = change is null }).Value!;
    }

    private void AssertVector(
        string status, int? executables, int? hardware, int? configuration, int? opaque, VerifiedQuote quote, AttestationPolicy policy)
    {
        var submodule = Submodule(Claims(quote, policy));
        var vector = submodule["ear.trustworthiness-vector"]!;
        Assert.Equal(
            (status, executables, hardware, configuration, opaque),
            ((string?)submodule["ear.status"], (int?)vector["executables"], (int?)vector["hardware"], (int?)vector["configuration"],
                (int?)vector["runtime-opaque"]));
        // A claim that nobody makes is absent, not null.
        Assert.DoesNotContain(vector.AsObject(), claim => claim.Value is null);
    }

    private JsonNode Claims(VerifiedQuote quote, AttestationPolicy policy) =>
        Parse(AttestationToken.Sign(quote, policy, key, IssuedAt));

    private static JsonNode Parse(string token) => JsonNode.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]))!;

    private static JsonNode Submodule(JsonNode claims) => claims["submods"]!.AsObject().Single().Value!;
}
