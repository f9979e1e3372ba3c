using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Policy;

namespace Guardian.Attestation.Tests.Envelopes;

/// <summary>Tokens of our own, and attacks on the verifier of others'.</summary>
public sealed class TokenVerifierTests : IDisposable
{
    private const string Claims =
        """{"eat_profile":"p","iat":1,"ear.verifier-id":{"developer":"d","build":"b"},"submods":{"x":{"ear.status":2}}}""";

    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Dispose() => key.Dispose();

    [Fact]
    public void Our_own_token_verifies()
    {
        using var signer = IdentityKey.Create();
        var token = AttestationToken.Sign(
            TestPlatform.Verified(TestPlatform.Enclave), TestPlatform.Policy, signer, TestPlatform.Now,
            new TokenContext { Nonce = "12345678" });
        var keys = TokenKeys.Read(TokenKeys.Write(signer)).Value!;
        var verified = TokenVerifier.Verify(token, keys, TestPlatform.Now).Value!;
        Assert.Equal((TokenKind.Ear, "12345678"), (verified.Kind, Assert.Single(verified.Nonces)));
        // A simulated platform proves nothing about hardware.
        Assert.Equal("contraindicated", Assert.Single(verified.Statuses).Value);
        Assert.Equal(
            "expired",
            TokenVerifier.Verify(token, keys, TestPlatform.Now + AttestationToken.Lifetime).Refusal!.Code);
    }

    // The naive relying party reads a verified token's verdict and nothing else.
    [Fact]
    public void A_token_for_another_request_or_of_another_policy_is_found()
    {
        using var signer = IdentityKey.Create();
        var keys = TokenKeys.Read(TokenKeys.Write(signer)).Value!;
        var quote = TestPlatform.Verified(TestPlatform.Enclave);
        VerifiedToken Verified(AttestationPolicy policy, string? nonce) => TokenVerifier.Verify(
            AttestationToken.Sign(quote, policy, signer, TestPlatform.Now, new TokenContext { Nonce = nonce }), keys, TestPlatform.Now)
            .Value!;
        var policy = TestPlatform.Policy;
        var own = Verified(policy, "nonce-of-mine");
        var lax = Verified(policy with { AllowDebug = true }, "nonce-of-mine");
        // To the naive one, both are the same.
        Assert.Equal(own.Statuses, lax.Statuses);
        Assert.Empty(own.FindProblems("nonce-of-mine", policy.Id));
        Assert.Contains("another policy", Assert.Single(lax.FindProblems("nonce-of-mine", policy.Id)), StringComparison.Ordinal);
        Assert.Contains("another nonce", Assert.Single(own.FindProblems("nonce-of-others", policy.Id)), StringComparison.Ordinal);
        Assert.Contains("no nonce", Assert.Single(Verified(policy, null).FindProblems("nonce-of-mine", null)), StringComparison.Ordinal);
        Assert.Contains(
            "names no policy",
            Assert.Single((own with { Statuses = new Dictionary<string, string>() }).FindProblems(null, policy.Id)),
            StringComparison.Ordinal);
    }

    // RFC 9711, 4.1: an EAR repeats one nonce or several. Intel Trust Authority repeats the value of its own, and the attester's data,
    // which may look like a nonce.
    [Theory]
    [InlineData("""{"eat_nonce":"mine",EAR}""", true)]
    [InlineData("""{"eat_nonce":["others","mine"],EAR}""", true)]
    [InlineData("""{"eat_nonce":["others","mine2"],EAR}""", false)]
    [InlineData("""{"eat_nonce":["mine",1],EAR}""", false)]
    [InlineData("""{"eat_nonce":[["mine"]],EAR}""", false)]
    [InlineData("""{"eat_nonce":[],EAR}""", false)]
    [InlineData("""{"eat_nonce":{"mine":1},EAR}""", false)]
    [InlineData("""{"nonce":"mine",EAR}""", false)]
    [InlineData("""{"iss":"i","x-ms-ver":"1.0","nonce":"mine"}""", true)]
    [InlineData("""{"iss":"i","attester_type":"SGX","verifier_nonce":{"val":"mine","iat":"x"}}""", true)]
    [InlineData("""{"iss":"i","tdx":{"attester_type":"TDX","verifier_nonce":{"val":"mine"}}}""", true)]
    [InlineData("""{"iss":"i","attester_type":"SGX","verifier_nonce":"mine"}""", false)]
    [InlineData("""{"iss":"i","attester_type":"SGX","verifier_nonce":{"iat":"mine"}}""", false)]
    [InlineData("""{"iss":"i","attester_type":"SGX","attester_runtime_data":{"verifier_nonce":{"val":"mine"}}}""", false)]
    public void The_nonce_counts_where_its_verifier_repeats_it(string claims, bool isFound)
    {
        claims = claims.Replace("EAR", Claims[1..^1], StringComparison.Ordinal);
        var (token, refusal) = TokenVerifier.Verify(Sign("""{"alg":"ES256"}""", claims), Keys(key), Now);
        Assert.True(token is not null, refusal?.ToString());
        Assert.Equal(isFound, token.FindProblems("mine", policyId: null).Count == 0);
    }

    [Theory]
    [InlineData("\"iat\":1", null)]
    [InlineData("\"iat\":1.5", "'iat' has a fraction")]
    [InlineData("\"iat\":1,\"exp\":4000000000", null)]
    [InlineData("\"iat\":1,\"exp\":4000000000.5", "'exp' has a fraction")]
    public void A_profile_from_draft_03_on_has_other_names_and_no_fractions(string instants, string? fault)
    {
        foreach (var number in new[] { "03", "04" })
        {
            var claims = $$"""
                {"eat_profile":"tag:ietf.org,2026:rats/ear#{{number}}",{{instants}},"ear_verifier_id":{"developer":"d","build":"b"},
                "submods":{"x":{"ear_status":"affirming","ear_appraisal_policy_ids":["a","b"] } } }
                """;
            var (token, refusal) = TokenVerifier.Verify(Sign("""{"alg":"ES256"}""", claims), Keys(key), Now);
            if (fault is null)
            {
                Assert.Equal("affirming", token!.Statuses["x"]);
                Assert.Equal(["a", "b"], token.PolicyIds["x"]);
                // Two policies are not the one that the relying party knows.
                Assert.Single(token.FindProblems(null, "a"));
            }
            else
            {
                Assert.Contains(fault, refusal!.Detail, StringComparison.Ordinal);
            }
        }
        var former = Claims.Replace("\"p\"", "\"tag:ietf.org,2026:rats/ear#04\"", StringComparison.Ordinal);
        Assert.Contains(
            "ear_verifier_id", TokenVerifier.Verify(Sign("""{"alg":"ES256"}""", former), Keys(key), Now).Refusal!.Detail,
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_algorithm_of_the_attacker_does_not_count()
    {
        Assert.NotNull(TokenVerifier.Verify(Sign("""{"alg":"ES256"}""", Claims), Keys(key), Now).Value);
        var none = $"{Encode("""{"alg":"none"}""")}.{Encode(Claims)}.";
        Assert.Equal("unknown-token-key", TokenVerifier.Verify(none, Keys(key), Now).Refusal!.Code);
        var content = $"{Encode("""{"alg":"HS256"}""")}.{Encode(Claims)}";
        var mac = HMACSHA256.HashData(key.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(content));
        Assert.Equal(
            "unknown-token-key",
            TokenVerifier.Verify($"{content}.{Base64Url.EncodeToString(mac)}", Keys(key), Now).Refusal!.Code);
        foreach (var algorithm in new[] { "ES384", "RS256", "es256", "" })
        {
            Assert.Equal(
                "unknown-token-key", TokenVerifier.Verify(Sign($$"""{"alg":"{{algorithm}}"}""", Claims), Keys(key), Now).Refusal!.Code);
        }
    }

    [Fact]
    public void A_key_or_an_address_inside_the_token_is_not_used()
    {
        using var thief = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var header = $$"""{"alg":"ES256","jwk":{{Jwk(thief, null)}},"jku":"https://thief.example/keys"}""";
        Assert.Equal("bad-signature", TokenVerifier.Verify(Sign(header, Claims, thief), Keys(key), Now).Refusal!.Code);
        Assert.Equal(
            "unknown-token-key", TokenVerifier.Verify(Sign("""{"alg":"ES256","kid":"b"}""", Claims), Keys(key, "a"), Now).Refusal!.Code);
        Assert.Equal(
            "bad-token",
            TokenVerifier.Verify(Sign("""{"alg":"ES256","crit":["b64"],"b64":false}""", Claims), Keys(key), Now).Refusal!.Code);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("no json")]
    [InlineData("""{"eat_profile":"p","iat":1,"ear.verifier-id":{"developer":"d"},"submods":{}}""")]
    [InlineData("""{"eat_profile":"p","iat":1,"ear.verifier-id":{"developer":"d"},"submods":{"x":{"ear.status":"perfect"}}}""")]
    [InlineData("""{"eat_profile":"p","iat":1,"ear.verifier-id":{"developer":"d"},"submods":{"x":{"ear.status":3}}}""")]
    [InlineData("""{"eat_profile":"p","iat":"now","ear.verifier-id":{"developer":"d"},"submods":{"x":{"ear.status":2}}}""")]
    [InlineData("""{"eat_profile":"p","iat":1e300,"ear.verifier-id":{"developer":"d"},"submods":{"x":{"ear.status":2}}}""")]
    [InlineData("""{"eat_profile":"p","iat":1,"ear.verifier-id":{"developer":"d"},"submods":{"x":{"ear.status":2.5}}}""")]
    [InlineData("""{"iss":"a","iss":"b","attester_type":"SGX"}""")]
    [InlineData("""{"x-ms-attestation-type":"sgx"}""")]
    public void A_signed_token_without_the_claims_of_its_kind_is_refused(string claims) =>
        Assert.Equal("bad-token", TokenVerifier.Verify(Sign("""{"alg":"ES256"}""", claims), Keys(key), Now).Refusal!.Code);

    [Theory]
    [InlineData("""{"iss":"a","x-ms-attestation-type":"sgx","x-ms-sgx-is-debuggable":true}""", true)]
    [InlineData("""{"iss":"a","x-ms-attestation-type":"sgx","x-ms-policy":{"is-debuggable":false}}""", false)]
    [InlineData("""{"iss":"a","x-ms-ver":"1.0","x-ms-isolation-tee":{"x-ms-sevsnpvm-is-debuggable":true}}""", true)]
    [InlineData("""{"iss":"a","x-ms-ver":"1.0","x-ms-isolation-tee":{"tdx_td_attributes_debug":"True"}}""", true)]
    [InlineData("""{"iss":"a","attester_type":"TDX","dbgstat":"enabled"}""", true)]
    [InlineData("""{"iss":"a","attester_type":"TDX","dbgstat":"disabled-since-boot","tdx_is_debuggable":false}""", false)]
    [InlineData("""{"iss":"a","tdx":{"attester_type":"TDX","tdx_is_debuggable":true}}""", true)]
    [InlineData("""{"iss":"a","list":[{"attester_type":1},{"sgx_is_debuggable":true}],"sgx":{"attester_type":"SGX"}}""", true)]
    public void A_debug_enclave_is_found_wherever_the_verifier_says_so(string claims, bool isDebug) =>
        Assert.Equal(isDebug, TokenVerifier.Verify(Sign("""{"alg":"ES256"}""", claims), Keys(key), Now).Value!.IsDebug);

    // The naive verifier takes the first kind whose claims it sees, and then reads no verdict.
    [Fact]
    public void The_verdict_of_an_EAR_counts_whatever_else_it_claims()
    {
        var claims = Claims.Replace("\"ear.status\":2", "\"ear.status\":96", StringComparison.Ordinal)
            .Replace("\"iat\"", """
                "iss":"a","x-ms-attestation-type":"sgx","attester_type":"SGX","iat"
                """, StringComparison.Ordinal);
        var token = TokenVerifier.Verify(Sign("""{"alg":"ES256"}""", claims), Keys(key), Now).Value!;
        Assert.Equal((TokenKind.Ear, "contraindicated"), (token.Kind, token.Statuses["x"]));
    }

    [Fact]
    public void The_status_of_each_part_counts()
    {
        const string claims = """
            {"iss":"a","tdx":{"attester_type":"TDX","attester_tcb_status":"UpToDate"},"sgx":{"attester_tcb_status":"OutOfDate"}}
            """;
        Assert.Equal(
            ["UpToDate", "OutOfDate"], TokenVerifier.Verify(Sign("""{"alg":"ES256"}""", claims), Keys(key), Now).Value!.TcbStatuses);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("""{"kty":"OKP","crv":"Ed25519","x":"AA"}""")]
    [InlineData("""{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}""")]
    [InlineData("""{"kty":"RSA","x5c":["AAAA"]}""")]
    [InlineData("""{"kty":"RSA","n":"!"}""")]
    [InlineData("""{"kty":7}""")]
    public void A_key_of_a_form_that_is_not_known_leaves_the_others(string stranger)
    {
        var keys = TokenKeys.Read(Encoding.UTF8.GetBytes($$"""{"keys":[{{stranger}},{{Jwk(key, null)}}]}""")).Value!;
        Assert.Equal(1, keys.Count);
        Assert.NotNull(TokenVerifier.Verify(Sign("""{"alg":"ES256"}""", Claims), keys, Now).Value);
    }

    [Theory]
    [InlineData("\"use\":\"enc\"")]
    [InlineData("\"key_ops\":[\"encrypt\"]")]
    [InlineData("\"key_ops\":[]")]
    public void A_key_for_another_use_signs_nothing(string use)
    {
        var set = $$"""{"keys":[{{Jwk(key, null).TrimEnd().TrimEnd('}')}},{{use}}}]}""";
        Assert.Equal("bad-token-keys", TokenKeys.Read(Encoding.UTF8.GetBytes(set)).Refusal!.Code);
        var verifies = set.Replace(use, "\"use\":\"sig\",\"key_ops\":[\"verify\"]", StringComparison.Ordinal);
        Assert.Equal(1, TokenKeys.Read(Encoding.UTF8.GetBytes(verifies)).Value!.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a.b.c")]
    [InlineData("..")]
    [InlineData("e30.e30.e30.e30")]
    [InlineData("e30.e30.")]
    public void A_malformed_token_is_refused(string token) => Assert.NotNull(TokenVerifier.Verify(token, Keys(key), Now).Refusal);

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"keys":[]}""")]
    [InlineData("""{"keys":{}}""")]
    [InlineData("""{"keys":[{"kty":"EC","crv":"P-1","x":"AA","y":"AA"}]}""")]
    [InlineData("""{"keys":[{"kty":"EC","crv":"P-256","x":"AA"}]}""")]
    [InlineData("""{"keys":[{"kty":"RSA"}]}""")]
    [InlineData("""{"keys":[{"kty":"RSA","x5c":["AAAA"]}]}""")]
    [InlineData("""{"keys":[{"kty":"RSA","n":"!","e":"AQAB"}]}""")]
    public void Malformed_keys_are_refused(string json) =>
        Assert.Equal("bad-token-keys", TokenKeys.Read(Encoding.UTF8.GetBytes(json)).Refusal!.Code);

    [Fact]
    public void A_short_RSA_key_and_a_point_off_the_curve_sign_nothing()
    {
        var token = Sign("""{"alg":"ES256"}""", Claims);
        var zero = Base64Url.EncodeToString(new byte[32]);
        var off = TokenKeys.Read(
            Encoding.UTF8.GetBytes($$"""{"keys":[{"kty":"EC","crv":"P-256","x":"{{zero}}","y":"{{zero}}"}]}""")).Value!;
        Assert.Equal("bad-signature", TokenVerifier.Verify(token, off, Now).Refusal!.Code);

        using var small = RSA.Create(1024);
        var modulus = Base64Url.EncodeToString(small.ExportParameters(false).Modulus!);
        var weak = TokenKeys.Read(Encoding.UTF8.GetBytes($$"""{"keys":[{"kty":"RSA","n":"{{modulus}}","e":"AQAB"}]}""")).Value!;
        var content = $"{Encode("""{"alg":"RS256"}""")}.{Encode(Claims)}";
        var signed = small.SignData(Encoding.ASCII.GetBytes(content), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        Assert.Equal(
            "unknown-token-key", TokenVerifier.Verify($"{content}.{Base64Url.EncodeToString(signed)}", weak, Now).Refusal!.Code);
    }

    private static TokenKeys Keys(ECDsa key, string? id = null) =>
        TokenKeys.Read(Encoding.UTF8.GetBytes($$"""{"keys":[{{Jwk(key, id)}}]}""")).Value!;

    private static string Jwk(ECDsa key, string? id)
    {
        var point = key.ExportParameters(false).Q;
        var name = id is null ? "" : $",\"kid\":\"{id}\"";
        return $$"""
            {"kty":"EC","crv":"P-256","x":"{{Base64Url.EncodeToString(point.X!)}}","y":"{{Base64Url.EncodeToString(point.Y!)}}"{{name}}}
            """;
    }

    private string Sign(string header, string claims, ECDsa? by = null)
    {
        var content = $"{Encode(header)}.{Encode(claims)}";
        return $"{content}.{Base64Url.EncodeToString((by ?? key).SignData(Encoding.ASCII.GetBytes(content), HashAlgorithmName.SHA256))}";
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
