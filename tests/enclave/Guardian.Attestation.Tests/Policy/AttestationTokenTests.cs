using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Snp;
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
        var root = Findings(Claims(quote, policy))["guardian.root"]!;
        Assert.Equal((quote.RootKeyHash, false), ((string?)root["keySha256"], (bool)root["isIntel"]!));
        Assert.StartsWith("not Intel's", (string?)root["name"]);
    }

    [Fact]
    public void Collateral_without_revocation_lists_is_a_warning()
    {
        var quote = Intel("tdx4-uptodate", collateral => collateral with { RootCaCrl = default, PckCrl = default });
        Assert.Equal("affirming", Naive(quote, Anyone).Status);
        AssertVector("warning", null, 32, null, 2, quote, Anyone);
        Assert.False((bool)Findings(Claims(quote, Anyone))["guardian.tcb"]!["revocationChecked"]!);
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
        var late = Parse(AttestationToken.Sign(Domain, Anyone, key, At.AddDays(30), TokenContext.None));
        Assert.True((long)late["exp"]! < (long)late["iat"]!);
    }

    [Fact]
    public void A_token_repeats_the_nonce_of_the_party_that_asked()
    {
        Assert.Null(Claims(Domain, Anyone)["eat_nonce"]);
        Assert.Equal("n0nce-of-8", (string?)Parse(AttestationToken.Sign(Domain, Anyone, key, IssuedAt, Asked("n0nce-of-8")))["eat_nonce"]);
        foreach (var bad in new[] { "", "1234567", new string('x', 89), "with blank", "tab\t5678", "ümlaut-x" })
        {
            Assert.Throws<ArgumentException>(() => AttestationToken.Sign(Domain, Anyone, key, IssuedAt, Asked(bad)));
        }
    }

    [Fact]
    public void A_token_names_its_key_root_collateral_and_policy()
    {
        var token = AttestationToken.Sign(Domain, Anyone, key, IssuedAt, TokenContext.None);
        var parts = token.Split('.');
        var header = JsonNode.Parse(Base64Url.DecodeFromChars(parts[0]))!;
        var point = key.SubjectPublicKeyInfo.AsSpan()[^64..];
        var (x, y) = (Base64Url.EncodeToString(point[..32]), Base64Url.EncodeToString(point[32..]));
        var jwk = $$"""{"crv":"P-256","kty":"EC","x":"{{x}}","y":"{{y}}"}""";
        Assert.Equal(Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(jwk))), (string?)header["kid"]);
        Assert.True(IdentityKey.Verify(
            key.SubjectPublicKeyInfo, Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2])));
        var submodule = Submodule(Parse(token));
        Assert.Equal([Anyone.Id], Policies(submodule));
        Assert.NotEqual([Anyone.Id], Policies(Submodule(Claims(Domain, Anyone with { AllowDebug = true }))));
        Assert.Equal(
            Anyone.Id, $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Anyone.CanonicalJson.Span))}");
        var findings = submodule["ear_verifier_claims"]!;
        Assert.Equal((TrustAnchor.Intel.KeyHash, true),
            ((string?)findings["guardian.root"]!["keySha256"], (bool)findings["guardian.root"]!["isIntel"]!));
        var tcb = findings["guardian.tcb"]!;
        Assert.Equal(
            ("UpToDate", "2024-03-13", 17, Domain.Tcb!.EarliestExpiry.ToUnixTimeSeconds(), true),
            ((string?)tcb["status"], (string?)tcb["date"], (int)tcb["tcbEvaluationDataNumber"]!, (long)tcb["collateralExpiry"]!,
                (bool)tcb["revocationChecked"]!));
    }

    // draft-ietf-rats-ear-04, 3 and 3.1: the mandatory claims, whole seconds, lists that are not empty, and extensions that are maps.
    [Fact]
    public void A_token_has_the_claims_of_the_present_draft()
    {
        var context = new TokenContext { Nonce = "of-the-asker", EvidenceNonce = "of-the-evidence", KeySha256 = "ab", Freshness = "nonce" };
        var claims = Parse(AttestationToken.Sign(Domain, Anyone, key, IssuedAt, context)).AsObject();
        Assert.Equal("tag:ietf.org,2026:rats/ear#04", (string?)claims["eat_profile"]);
        Assert.Equal(("Guardian", true), (
            (string?)claims["ear_verifier_id"]!["developer"], ((string?)claims["ear_verifier_id"]!["build"])?.Length > 0));
        Assert.All(new[] { "iat", "nbf", "exp" }, name => Assert.True(claims[name]!.AsValue().TryGetValue<long>(out _)));
        var submodule = Submodule(claims).AsObject();
        Assert.Equal(("of-the-asker", "of-the-evidence"), ((string?)claims["eat_nonce"], (string?)submodule["eat_nonce"]));
        Assert.Equal(
            ["ear_status", "ear_trustworthiness_vector", "ear_appraisal_policy_ids", "eat_nonce", "ear_attester_claims",
                "ear_verifier_claims"],
            submodule.Select(claim => claim.Key));
        Assert.Equal("ab", (string?)submodule["ear_attester_claims"]!["guardian.evidence"]!["keySha256"]);
        Assert.Equal("nonce", (string?)submodule["ear_verifier_claims"]!["guardian.freshness"]);
        Assert.All(
            submodule.Where(claim => claim.Key.EndsWith("_claims", StringComparison.Ordinal)),
            claim => Assert.IsType<JsonObject>(claim.Value));
    }

    [Fact]
    public void A_guest_of_SEV_SNP_is_affirmed_if_the_policy_names_its_measurement_and_a_minimum()
    {
        var report = Amd(withList: true);
        var guest = new AcceptedSnpGuest { Measurements = [report.Report.Measurement] };
        AssertSnp("none", null, null, null, 2, report, Anyone);
        AssertSnp("none", 3, null, null, 2, report, NamingGuest(guest));
        AssertSnp("affirming", 3, 2, null, 2, report, NamingGuest(guest with { MinimumTcb = report.Tcb }));
        AssertSnp(
            "affirming", 3, 2, 2, 2, report,
            NamingGuest(guest with { MinimumTcb = report.Tcb, GuestPolicies = [report.Report.GuestPolicy] }));
        AssertSnp(
            "contraindicated", 3, 96, null, null, report,
            NamingGuest(guest with { MinimumTcb = report.Tcb with { Snp = (byte)(report.Tcb.Snp + 1) } }));
        AssertSnp("contraindicated", 96, null, null, 2, report, NamingGuest(guest with { Measurements = [new byte[48]] }));
        AssertSnp("warning", 3, 32, null, 2, Amd(withList: false), NamingGuest(guest with { MinimumTcb = report.Tcb }));
        var claims = Parse(AttestationToken.Sign(report, NamingGuest(guest), key, IssuedAt, TokenContext.None));
        Assert.Equal("snp", claims["submods"]!.AsObject().Single().Key);
        Assert.True((bool)Findings(claims)["guardian.root"]!["isAmd"]!);
        Assert.Equal(report.VerifiedAt.AddHours(1).ToUnixTimeSeconds(), (long)claims["exp"]!);
    }

    private static VerifiedSnpReport Amd(bool withList)
    {
        string File(params string[] path) => Repository.File(["tests", "vectors", "snp", .. path]);
        var endorsements = new SnpEndorsements
        {
            Leaf = System.IO.File.ReadAllBytes(File("milan-v3-vcek-hostdata", "leaf.der")),
            Chain = System.IO.File.ReadAllBytes(File("milan-v3-vcek-hostdata", "chain.pem")),
            RevocationList = withList ? System.IO.File.ReadAllBytes(File("crl", "milan.der")) : default,
        };
        return SnpVerifier.Verify(
            System.IO.File.ReadAllBytes(File("milan-v3-vcek-hostdata", "report.bin")), endorsements,
            DateTimeOffset.Parse("2026-03-07T00:00:00Z"), SnpOptions.AmdOnly with { RequireRevocationList = withList }).Value!;
    }

    private void AssertSnp(
        string status, int? executables, int? hardware, int? configuration, int? opaque, VerifiedSnpReport report,
        AttestationPolicy policy) => AssertVector(
            status, executables, hardware, configuration, opaque,
            Submodule(Parse(AttestationToken.Sign(report, policy, key, IssuedAt, TokenContext.None))));

    private static AttestationPolicy NamingGuest(AcceptedSnpGuest guest) => Anyone with
    {
        Identities = [new AcceptedIdentity { SnpGuest = guest }],
    };

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
        AssertVector(status, executables, hardware, configuration, opaque, submodule);
    }

    private static void AssertVector(
        string status, int? executables, int? hardware, int? configuration, int? opaque, JsonNode submodule)
    {
        var vector = submodule["ear_trustworthiness_vector"]!;
        Assert.Equal(
            (status, executables, hardware, configuration, opaque),
            ((string?)submodule["ear_status"], (int?)vector["executables"], (int?)vector["hardware"], (int?)vector["configuration"],
                (int?)vector["runtime-opaque"]));
        // A claim that nobody makes is absent, not null.
        Assert.DoesNotContain(vector.AsObject(), claim => claim.Value is null);
    }

    private JsonNode Claims(VerifiedQuote quote, AttestationPolicy policy) =>
        Parse(AttestationToken.Sign(quote, policy, key, IssuedAt, TokenContext.None));

    private static JsonNode Parse(string token) => JsonNode.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]))!;

    private static JsonNode Submodule(JsonNode claims) => claims["submods"]!.AsObject().Single().Value!;

    private static JsonNode Findings(JsonNode claims) => Submodule(claims)["ear_verifier_claims"]!;

    private static IEnumerable<string?> Policies(JsonNode submodule) =>
        submodule["ear_appraisal_policy_ids"]!.AsArray().Select(each => (string?)each);

    private static TokenContext Asked(string nonce) => new() { Nonce = nonce };
}
