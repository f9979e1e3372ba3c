using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.RaTls;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Guardian.Verifier.Tests;

/// <summary>Attester, verifier and relying party of RFC 9334, in its two models.</summary>
public sealed class VerifierServiceTests
{
    [Fact]
    public async Task An_attester_carries_its_result_to_a_relying_party()
    {
        await using var service = await Service.StartAsync();
        // Passport: the attester asks, and binds its own key behind the nonce.
        var nonce = await service.NonceAsync();
        var keyHash = SHA256.HashData("the attester's key"u8);
        var token = (await service.AppraiseAsync(Service.Quote(nonce, keyHash), nonce)).Token();
        // The relying party knows the verifier's keys and policy, and not the nonce.
        var verified = TokenVerifier.Verify(token, await service.KeysAsync(), service.Clock.Now).Value!;
        Assert.Equal(TokenKind.Ear, verified.Kind);
        Assert.Equal(service.Key.Thumbprint, verified.KeyId);
        Assert.Empty(verified.FindProblems(nonce: null, Service.Policy.Id));
        // A simulated platform protects nothing, whatever the policy accepts.
        Assert.Equal("contraindicated", verified.Statuses["sgx"]);
        var submodule = Claims(token)["submods"]!["sgx"]!;
        Assert.Equal(nonce, (string?)submodule["eat_nonce"]);
        Assert.Equal("nonce", (string?)submodule["ear_verifier_claims"]!["guardian.freshness"]);
        Assert.EndsWith(
            Convert.ToHexStringLower(keyHash), (string?)submodule["ear_attester_claims"]!["guardian.evidence"]!["reportData"]);
        Assert.All(
            submodule["ear_verifier_claims"]!["guardian.checks"]!.AsArray(),
            check => Assert.True((bool)check!["passed"]!, check.ToString()));
    }

    [Fact]
    public async Task A_relying_party_sends_the_evidence_on_and_finds_its_nonce_in_the_result()
    {
        await using var service = await Service.StartAsync();
        // Background check: the relying party asks for the nonce, and gives it to the attester.
        var nonce = await service.NonceAsync();
        var evidence = Service.Quote(nonce);
        var token = (await service.AppraiseAsync(evidence, nonce)).Token();
        var verified = TokenVerifier.Verify(token, await service.KeysAsync(), service.Clock.Now).Value!;
        Assert.Empty(verified.FindProblems(nonce, Service.Policy.Id));
    }

    // Microsoft.IdentityModel reads the set of keys and the token by code of its own.
    [Fact]
    [SuppressMessage("Security", "CA5404", Justification = "the profile of the token has neither issuer nor audience")]
    public async Task Another_library_verifies_the_token_with_the_published_keys()
    {
        await using var service = await Service.StartAsync();
        var nonce = await service.NonceAsync();
        var token = (await service.AppraiseAsync(Service.Quote(nonce), nonce)).Token();
        var keys = new JsonWebKeySet((await service.GetAsync("/.well-known/jwks.json")).Text);
        var parameters = new TokenValidationParameters
        {
            IssuerSigningKeys = keys.GetSigningKeys(), ValidateIssuer = false, ValidateAudience = false,
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            LifetimeValidator = (from, to, _, _) => from <= service.Clock.Now.UtcDateTime && service.Clock.Now.UtcDateTime < to,
        };
        var handler = new JsonWebTokenHandler();
        var result = await handler.ValidateTokenAsync(token, parameters);
        Assert.True(result.IsValid, result.Exception?.ToString());
        Assert.Equal(nonce, result.Claims["eat_nonce"]);
        var changed = token.Split('.');
        changed[1] = changed[1][..^4] + (changed[1][^4] == 'A' ? 'B' : 'A') + changed[1][^3..];
        Assert.False((await handler.ValidateTokenAsync(string.Join('.', changed), parameters)).IsValid);
    }

    [Fact]
    public async Task A_certificate_is_fresh_by_its_key()
    {
        await using var service = await Service.StartAsync();
        using var certificate = RaTlsCertificate.Create(Service.Quotes, EvidenceContext.CasStarting);
        var key = Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
        foreach (var nonce in new[] { null, await service.NonceAsync() })
        {
            var token = Claims((await service.AppraiseAsync(certificate.RawData, nonce)).Token());
            var submodule = token["submods"]!["sgx"]!;
            Assert.Equal(nonce, (string?)token["eat_nonce"]);
            // The nonce makes the result fresh, and says nothing about the evidence.
            Assert.Null(submodule["eat_nonce"]);
            Assert.Equal("key", (string?)submodule["ear_verifier_claims"]!["guardian.freshness"]);
            Assert.Equal(key, (string?)submodule["ear_attester_claims"]!["guardian.evidence"]!["keySha256"]);
        }
    }

    [Theory]
    [InlineData("""{"evidence":5}""", "'evidence' is no text in base64")]
    [InlineData("""{"evidence":"###"}""", "'evidence' is no text in base64")]
    [InlineData("""{"nonce":"x"}""", "'evidence' is missing")]
    [InlineData("""{"evidence":null}""", "'evidence' is missing")]
    [InlineData("""{"evidence":"AA==","foo":1}""", "the body has the member 'foo'")]
    [InlineData("""{"Evidence":"AA=="}""", "the body has the member 'Evidence'")]
    [InlineData("""{"evidence":"AA==","evidence":"AA=="}""", "a member stands twice")]
    [InlineData("""{"evidence":"AA==","nonce":7}""", "'nonce' is no text")]
    [InlineData("""{"evidence":"AA==","nonce":[[[[[]]]]]}""", "not JSON at byte 30 of line 1")]
    [InlineData("""{"evidence":"AA==","endorsements":[]}""", "'endorsements' is no JSON object")]
    [InlineData("""{"evidence":"AA==","endorsements":{"leaf":"AA=="}}""", "'endorsements' lacks 'chain'")]
    [InlineData("""{"evidence":"AA==","endorsements":{"leaf":"AA==","chain":1}}""", "'chain' is no text")]
    [InlineData("""{"evidence":"AA==","nonce":"\ud800"}""", "not Unicode")]
    [InlineData("{\n\"evidence\": x}", "not JSON at byte 12 of line 2")]
    [InlineData("[1]", "the body is no JSON object")]
    [InlineData("null", "the body is no JSON object")]
    [InlineData("", "not JSON at byte 0 of line 1")]
    public async Task A_refusal_says_which_member_is_wrong(string body, string expected)
    {
        await using var service = await Service.StartAsync();
        var answer = await service.PostAsync("/v1/appraisals", new StringContent(body));
        Assert.Equal("bad-request", answer.Reason);
        Assert.Contains(expected, (string)answer.Json["detail"]!, StringComparison.Ordinal);
        Assert.Contains("evidence (base64)", (string)answer.Json["remedy"]!, StringComparison.Ordinal);
        Assert.DoesNotContain("Guardian.", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_quote_of_a_coordinator_is_fresh_by_the_nonce_that_it_was_asked_with()
    {
        await using var service = await Service.StartAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=root", key, HashAlgorithmName.SHA256);
        using var root = request.CreateSelfSigned(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1));
        foreach (var (isAsked, freshness) in new[] { (true, "nonce"), (false, "key") })
        {
            var nonce = await service.NonceAsync();
            byte[] named = [.. root.RawData, .. isAsked ? System.Buffers.Text.Base64Url.DecodeFromChars(nonce) : []];
            var answer = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new
            {
                Cert = root.ExportCertificatePem(),
                Quote = Service.Quotes.CreateQuote([.. SHA256.HashData(named), .. new byte[32]]),
            });
            var submodule = Claims((await service.AppraiseAsync(answer, nonce)).Token())["submods"]!["sgx"]!;
            Assert.Equal(freshness, (string?)submodule["ear_verifier_claims"]!["guardian.freshness"]);
            Assert.Equal(isAsked ? nonce : null, (string?)submodule["eat_nonce"]);
            // For another nonce, the quote names nothing.
            Assert.Equal(
                isAsked ? "key-not-bound" : null,
                (await service.AppraiseAsync(answer, await service.NonceAsync())) is { Type: "application/problem+json" } refused
                    ? refused.Reason : null);
        }
    }

    [Fact]
    public async Task Every_form_of_text_is_read()
    {
        await using var service = await Service.StartAsync();
        foreach (var write in new Func<byte[], string>[] { Convert.ToHexString, Convert.ToBase64String })
        {
            var nonce = await service.NonceAsync();
            (await service.AppraiseAsync(System.Text.Encoding.ASCII.GetBytes(write(Service.Quote(nonce))), nonce)).Token();
        }
    }

    [Fact]
    public async Task A_report_of_SEV_SNP_needs_the_list_of_the_operator()
    {
        byte[] File(params string[] path) => System.IO.File.ReadAllBytes(Repository.File(["tests", "vectors", "snp", .. path]));
        var at = DateTimeOffset.Parse("2026-03-07T00:00:00Z");
        var report = File("milan-v3-vcek-hostdata", "report.bin");
        var endorsements = new JsonObject
        {
            ["leaf"] = Convert.ToBase64String(File("milan-v3-vcek-hostdata", "leaf.der")),
            ["chain"] = System.Text.Encoding.ASCII.GetString(File("milan-v3-vcek-hostdata", "chain.pem")),
        };
        await using var strict = await Service.StartAsync(at: at);
        Assert.Equal("no-endorsements", (await strict.AppraiseAsync(report)).Reason);
        Assert.Equal("missing-crl", (await strict.AppraiseAsync(report, null, endorsements.DeepClone().AsObject())).Reason);
        var own = endorsements.DeepClone().AsObject();
        own["revocationList"] = Convert.ToBase64String(File("crl", "milan.der"));
        Assert.Equal("bad-request", (await strict.AppraiseAsync(report, null, own)).Reason);

        await using var service = await Service.StartAsync(
            settings => settings with { RevocationLists = [File("crl", "genoa.der"), File("crl", "milan.der")] }, at: at);
        // A real report of another time has no nonce of ours.
        Assert.Equal("nonce-needed", (await service.AppraiseAsync(report, null, endorsements.DeepClone().AsObject())).Reason);
        await using var lax = await Service.StartAsync(
            settings => settings with
            {
                RevocationLists = [File("crl", "genoa.der"), File("crl", "milan.der")], AllowStaleEvidence = true,
            },
            at: at);
        var token = Claims((await lax.AppraiseAsync(report, null, endorsements)).Token());
        Assert.Equal("none", (string?)token["submods"]!["snp"]!["ear_verifier_claims"]!["guardian.freshness"]);
        Assert.True((bool)token["submods"]!["snp"]!["ear_verifier_claims"]!["guardian.tcb"]!["revocationChecked"]!);
    }

    [Fact]
    public async Task The_policy_is_shown_and_has_the_hash_that_tokens_name()
    {
        await using var service = await Service.StartAsync();
        var shown = await service.GetAsync("/v1/policy");
        var hash = Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(shown.Text)));
        Assert.Equal(Service.Policy.Id, $"sha256:{hash}");
        Assert.Equal("ok", (string?)(await service.GetAsync("/v1/health/ready")).Json["status"]);
        Assert.Equal("ok", (string?)(await service.GetAsync("/v1/health/live")).Json["status"]);
        Assert.Equal(HttpStatusCode.NotFound, (await service.GetAsync("/v1/other")).Status);
    }

    [Theory]
    [InlineData("GET", "/", 404, "no-such-call")]
    [InlineData("POST", "/v1/appraisals/1", 404, "no-such-call")]
    [InlineData("GET", "/v1/appraisals", 405, "no-such-call")]
    [InlineData("DELETE", "/metrics", 405, "no-such-call")]
    [InlineData("POST", "/v1/appraisals", 413, "bad-http")]
    public async Task A_request_that_no_call_answers_gets_a_problem_too(string method, string path, int status, string reason)
    {
        await using var service = await Service.StartAsync();
        using var body = status == 413 ? new StreamContent(new MemoryStream(new byte[900_000])) : null;
        if (body is not null)
        {
            // Without a length, the size is known only when too much has arrived.
            body.Headers.ContentLength = null;
        }
        var answer = await service.SendAsync(new HttpMethod(method), path, body);
        Assert.Equal((status, reason), ((int)answer.Status, answer.Reason));
        Assert.Equal(status, (int)answer.Json["status"]!);
        Assert.NotEmpty((string)answer.Json["detail"]!);
    }

    [Fact]
    public async Task Answers_are_counted_without_words_of_the_peer()
    {
        await using var service = await Service.StartAsync();
        var nonce = await service.NonceAsync();
        (await service.AppraiseAsync(Service.Quote(nonce), nonce)).Token();
        Assert.Equal("used-nonce", (await service.AppraiseAsync(Service.Quote(nonce), nonce)).Reason);
        await service.GetAsync("/v1/invented-by-a-peer");
        var metrics = (await service.GetAsync("/metrics")).Text;
        Assert.Contains(
            "guardian_verifier_requests_total{call=\"POST /v1/appraisals\",status=\"200\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("guardian_verifier_refusals_total{reason=\"used-nonce\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("guardian_verifier_tokens_total 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("guardian_verifier_nonces_used 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("{call=\"other\",status=\"404\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("invented", metrics, StringComparison.Ordinal);
    }

    internal static JsonNode Claims(string token) =>
        JsonNode.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[1]))!;
}
