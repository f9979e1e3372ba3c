using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.Cli.Inputs;
using Guardian.Cli.Tests.Support;
using Guardian.Refusals;

namespace Guardian.Cli.Tests;

/// <summary>
/// Values from HashiCorp Vault. No Vault or OpenBao could be installed where this was written, so a stub answers as their documentation
/// says: KV version 2 <c>GET /v1/MOUNT/data/PATH</c>, transit <c>POST /v1/MOUNT/decrypt/KEY</c>.
/// </summary>
[Collection("variables of Vault")]
public sealed class VaultTests : IDisposable
{
    private readonly ConcurrentQueue<(string Path, string? Token, string Body)> calls = new();
    private readonly LoopbackServer vault;

    public VaultTests()
    {
        vault = new LoopbackServer(AnswerAsync);
        Environment.SetEnvironmentVariable("VAULT_ADDR", vault.Address);
        Environment.SetEnvironmentVariable("VAULT_TOKEN", "s.token");
    }

    public void Dispose()
    {
        vault.Dispose();
        foreach (var variable in new[] { "VAULT_ADDR", "VAULT_TOKEN", "VAULT_CACERT" })
        {
            Environment.SetEnvironmentVariable(variable, null);
        }
    }

    [Fact]
    public async Task A_field_of_a_secret_is_read_with_the_token()
    {
        using var source = VaultSource.Open();
        Assert.Equal("pässword", await source.ReadAsync("secret/team/shop#password", TestContext.Current.CancellationToken));
        Assert.Equal(("/v1/secret/data/team/shop", "s.token", ""), calls.Single());
    }

    [Fact]
    public async Task Transit_decrypts_a_ciphertext()
    {
        using var source = VaultSource.Open();
        Assert.Equal(
            "s3cret"u8.ToArray(), await source.DecryptAsync("transit/shop", "vault:v1:abc", TestContext.Current.CancellationToken));
        var (path, token, body) = calls.Single();
        Assert.Equal(("/v1/transit/decrypt/shop", "s.token"), (path, token));
        Assert.Equal("vault:v1:abc", (string?)JsonNode.Parse(body)!["ciphertext"]);
    }

    [Theory]
    [InlineData("secret/shop", "no-such")]
    [InlineData("secret/shop#", "bad-vault")]
    [InlineData("secret#password", "bad-vault")]
    [InlineData("secret/../sys/seal#password", "bad-vault")]
    [InlineData("secret//shop#password", "bad-vault")]
    [InlineData("secret/shop#other", "no-vault")]
    [InlineData("secret/number#password", "no-vault")]
    [InlineData("secret/absent#password", "no-vault")]
    [InlineData("secret/broken#password", "no-vault")]
    [InlineData("secret/redirect#password", "no-vault")]
    public async Task Everything_else_is_refused_without_the_token(string place, string code)
    {
        using var source = VaultSource.Open();
        var refused = await Assert.ThrowsAsync<RefusedException>(() => source.ReadAsync(place, TestContext.Current.CancellationToken));
        Assert.Equal(code == "no-such" ? "bad-vault" : code, refused.Refusal.Code);
        Assert.DoesNotContain("s.token", $"{refused.Refusal.Detail} {refused.Refusal.Remedy}", StringComparison.Ordinal);
        Assert.DoesNotContain(calls, call => call.Path.Contains("elsewhere", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://vault.example:8200")]
    [InlineData("vault.example")]
    [InlineData("file:///etc/passwd")]
    public void A_token_goes_nowhere_without_TLS(string address)
    {
        Environment.SetEnvironmentVariable("VAULT_ADDR", address);
        Assert.Equal("bad-vault", Assert.Throws<RefusedException>(VaultSource.Open).Refusal.Code);
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        using var reader = new StreamReader(context.Request.InputStream);
        var path = context.Request.Url!.AbsolutePath;
        calls.Enqueue((path, context.Request.Headers["X-Vault-Token"], await reader.ReadToEndAsync()));
        var answer = path switch
        {
            "/v1/secret/data/team/shop" or "/v1/secret/data/shop" =>
                """{"request_id":"1","data":{"data":{"password":"pässword"},"metadata":{"version":3}}}""",
            "/v1/secret/data/number" => """{"data":{"data":{"password":7}}}""",
            "/v1/secret/data/broken" => "<html>",
            "/v1/transit/decrypt/shop" => """{"data":{"plaintext":"czNjcmV0"}}""",
            _ => null,
        };
        if (path.EndsWith("/redirect", StringComparison.Ordinal))
        {
            context.Response.StatusCode = 307;
            context.Response.Headers["Location"] = "/elsewhere";
            return;
        }
        context.Response.StatusCode = answer is null ? 404 : 200;
        await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(answer ?? """{"errors":[]}"""));
    }
}
