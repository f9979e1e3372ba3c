using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Identity;

namespace Guardian.Verifier.Tests;

/// <summary>Attacks on a relying party with tokens of the service. A naive relying party falls for each of them.</summary>
public sealed class RelyingPartyTests
{
    // It does what the token's header says, and reads the verdict.
    private static bool Naive(string token, IdentityKey issuer)
    {
        var parts = token.Split('.');
        var header = JsonNode.Parse(Base64Url.DecodeFromChars(parts[0]))!;
        var (content, mark) = (Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]));
        return (string?)header["alg"] switch
        {
            "none" => true,
            "HS256" => HMACSHA256.HashData(issuer.SubjectPublicKeyInfo, content).AsSpan().SequenceEqual(mark),
            "ES256" when header["jwk"] is { } key => KeyOf(key).VerifyData(content, mark, HashAlgorithmName.SHA256),
            "ES256" => IdentityKey.Verify(issuer.SubjectPublicKeyInfo, content, mark),
            _ => false,
        };
    }

    [Fact]
    public async Task A_token_that_the_service_did_not_sign_is_refused()
    {
        await using var service = await Service.StartAsync();
        var keys = await service.KeysAsync();
        var nonce = await service.NonceAsync();
        var genuine = (await service.AppraiseAsync(Service.Quote(nonce), nonce)).Token();
        Assert.True(Naive(genuine, service.Key));
        Assert.NotNull(TokenVerifier.Verify(genuine, keys, service.Clock.Now).Value);

        var claims = VerifierServiceTests.Claims(genuine);
        claims["submods"]!["sgx"]!["ear_status"] = "affirming";
        using var thief = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var point = thief.ExportParameters(false).Q;
        var jwk = new JsonObject
        {
            ["kty"] = "EC", ["crv"] = "P-256", ["x"] = Base64Url.EncodeToString(point.X), ["y"] = Base64Url.EncodeToString(point.Y),
        };
        var none = $"{Encode(new JsonObject { ["alg"] = "none" })}.{Encode(claims)}.";
        var mac = Forge(new JsonObject { ["alg"] = "HS256", ["kid"] = service.Key.Thumbprint }, claims,
            content => HMACSHA256.HashData(service.Key.SubjectPublicKeyInfo, content));
        var own = Forge(new JsonObject { ["alg"] = "ES256", ["kid"] = service.Key.Thumbprint, ["jwk"] = jwk }, claims,
            content => thief.SignData(content, HashAlgorithmName.SHA256));
        foreach (var (token, reason) in new[] { (none, "unknown-token-key"), (mac, "unknown-token-key"), (own, "bad-signature") })
        {
            Assert.True(Naive(token, service.Key));
            Assert.Equal(reason, TokenVerifier.Verify(token, keys, service.Clock.Now).Refusal!.Code);
        }
    }

    [Fact]
    public async Task A_token_ends_an_hour_after_the_appraisal()
    {
        await using var service = await Service.StartAsync();
        var nonce = await service.NonceAsync();
        var token = (await service.AppraiseAsync(Service.Quote(nonce), nonce)).Token();
        service.Clock.Now += TimeSpan.FromHours(1);
        Assert.True(Naive(token, service.Key));
        Assert.Equal("expired", TokenVerifier.Verify(token, await service.KeysAsync(), service.Clock.Now).Refusal!.Code);
        service.Clock.Now -= TimeSpan.FromHours(2);
        Assert.Equal("not-yet-valid", TokenVerifier.Verify(token, await service.KeysAsync(), service.Clock.Now).Refusal!.Code);
    }

    [Fact]
    public async Task A_token_of_a_laxer_verifier_with_the_same_key_is_found()
    {
        using var key = IdentityKey.Create();
        await using var lax = await Service.StartAsync(
            settings => settings with { Policy = settings.Policy with { AllowDebug = true } }, key: key);
        var nonce = await lax.NonceAsync();
        var token = (await lax.AppraiseAsync(Service.Quote(nonce), nonce)).Token();
        Assert.True(Naive(token, key));
        var verified = TokenVerifier.Verify(token, await lax.KeysAsync(), lax.Clock.Now).Value!;
        Assert.Contains("another policy", Assert.Single(verified.FindProblems(nonce, Service.Policy.Id)), StringComparison.Ordinal);
    }

    private static string Forge(JsonNode header, JsonNode claims, Func<byte[], byte[]> sign)
    {
        var content = $"{Encode(header)}.{Encode(claims)}";
        return $"{content}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(content)))}";
    }

    private static string Encode(JsonNode node) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(node.ToJsonString()));

    private static ECDsa KeyOf(JsonNode jwk) => ECDsa.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = Base64Url.DecodeFromChars((string)jwk["x"]!), Y = Base64Url.DecodeFromChars((string)jwk["y"]!) },
    });
}
