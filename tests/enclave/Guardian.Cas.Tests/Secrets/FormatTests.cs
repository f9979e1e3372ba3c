using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Secrets;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Secrets;

/// <summary>Texts of several lines in every script, and certificates as PKCS#12.</summary>
public sealed class FormatTests : IDisposable
{
    private readonly TestCas cas = new();

    public void Dispose() => cas.Dispose();

    [Fact]
    public async Task A_text_has_lines_and_letters_of_any_script()
    {
        await cas.CreateAsync(Session(
            "  - name: text\n    kind: text\n    value: |\n      -----BEGIN X-----\n      Grüße, 世界\n      -----END X-----\n",
            "$$GUARDIAN::text$$", "{\"text\": \"$$GUARDIAN::text|escape(json)$$\"}"));
        var configuration = await cas.ConfigureAsync();
        const string Value = "-----BEGIN X-----\nGrüße, 世界\n-----END X-----\n";
        Assert.Equal(Value, configuration.Environment["VALUE"]);
        var json = System.Text.Json.Nodes.JsonNode.Parse(Encoding.UTF8.GetString(configuration.Files[0].Content));
        Assert.Equal(Value, (string?)json!["text"]);
    }

    [Theory]
    [InlineData("{name: text, kind: text, size: 8}", "'size' is not known here")]
    [InlineData("{name: text, kind: text}", "cannot draw one")]
    [InlineData("{name: text, kind: text, value: \"a\\0b\"}", "control characters")]
    [InlineData("{name: text, kind: text, value: \"\"}", "1 to")]
    [InlineData("{name: text, kind: ascii, value: \"a\\nb\"}", "text has them")]
    public async Task Other_texts_are_mistakes(string secret, string expected)
    {
        var refusal = await ExpectRefusalAsync(cas.CreateAsync(Session($"  - {secret}\n", "x", "x")));
        Assert.Contains(refusal.Problems, problem => problem.Contains(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("P-256")]
    [InlineData("P-384")]
    [InlineData("RSA-2048")]
    public async Task A_certificate_comes_as_PKCS12_with_its_key_and_issuers(string type)
    {
        await cas.CreateAsync(Session(Certificates(type), "x", "$$GUARDIAN::server:pkcs12$$"));
        var file = (await cas.ConfigureAsync()).Files[0].Content;
        var loaded = X509CertificateLoader.LoadPkcs12Collection(file, KeyStore.Password);
        var leaf = Assert.Single(loaded, certificate => certificate.HasPrivateKey);
        Assert.Contains("CN=server", leaf.Subject, StringComparison.Ordinal);
        Assert.Contains(loaded, certificate => certificate.Subject == "CN=Middle");
        Assert.Throws<CryptographicException>(() => X509CertificateLoader.LoadPkcs12Collection(file, "other"));
    }

    [Fact]
    public async Task PKCS12_is_for_files_and_not_for_Ed25519()
    {
        var refusal = await ExpectRefusalAsync(cas.CreateAsync(Session(Certificates("P-256"), "$$GUARDIAN::server:pkcs12$$", "x")));
        Assert.Contains("not text", Assert.Single(refusal.Problems), StringComparison.Ordinal);
        await cas.CreateAsync(Session(Certificates("Ed25519"), "x", "$$GUARDIAN::server:pkcs12$$"));
        Assert.Contains("Ed25519", (await ExpectRefusalAsync(cas.ConfigureAsync())).Detail, StringComparison.Ordinal);
    }

    private static string Certificates(string type) =>
        $"  - {{name: root, kind: x509-ca, common_name: Root}}\n  - {{name: middle, kind: x509-ca, issuer: root, common_name: Middle}}\n"
        + $"  - {{name: server, kind: x509, issuer: middle, key_type: {type}}}\n";

    private static string Session(string secrets, string value, string file) => $$"""
        name: shop
        services:
          - name: web
            command: serve
            environment:
              VALUE: '{{value}}'
            injection_files:
              - path: /file
                content: '{{file}}'
            attestation: [{mrenclave: [{{TestCas.Program.Identity.MrEnclave}}]}]
            platforms: [simulated]
        secrets:

        """ + secrets;
}
