using Guardian.Cas.Client.Protocol;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Admissions;

/// <summary>A small session cannot make a CAS write large configurations, or many tokens.</summary>
public sealed class ConfigurationSizeTests : IDisposable
{
    private readonly TestCas cas = new();

    public void Dispose() => cas.Dispose();

    [Fact]
    public async Task Placeholders_do_not_multiply_a_secret_without_bound()
    {
        var many = string.Concat(Enumerable.Repeat("$$GUARDIAN::key:hex$$", 2_000));
        var session = TestCas.Session.Replace("size: 16", "size: 4096", StringComparison.Ordinal)
            .Replace("GREETING: hello", $"GREETING: {many}", StringComparison.Ordinal);
        // The obvious way replaces all of them.
        Assert.True(many.Replace("$$GUARDIAN::key:hex$$", new string('0', 8192), StringComparison.Ordinal).Length > 16_000_000);
        await cas.CreateAsync(session);
        var refused = await ExpectRefusalAsync(cas.ConfigureAsync());
        Assert.Equal(CasReasons.Invalid, refused.Reason);
        Assert.Contains("4194304 bytes", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificates_of_many_connections_count()
    {
        var listen = string.Join(", ", Enumerable.Range(1, 2_500).Select(port => $"{{port: {port}, identity: server}}"));
        var session = TestCas.Session.Replace(
            "    platforms: [simulated]", $"    platforms: [simulated]\n    network: {{listen: [{listen}]}}", StringComparison.Ordinal)
            + "  - {name: server, kind: x509, key_type: RSA-2048}\n";
        await cas.CreateAsync(session);
        Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(cas.ConfigureAsync()));
    }

    [Fact]
    public async Task A_token_is_made_once_for_a_start_however_often_it_is_named()
    {
        var session = TestCas.Session.Replace("hello", "$$GUARDIAN::jwt$$ $$GUARDIAN::jwt$$", StringComparison.Ordinal)
            + "  - {name: signer, kind: private-key}\n  - {name: jwt, kind: jwt, private_key: signer}\n";
        await cas.CreateAsync(session);
        var tokens = (await cas.ConfigureAsync()).Environment["GREETING"].Split(' ');
        Assert.Equal(tokens[0], tokens[1]);
        Assert.NotEqual(tokens[0], (await cas.ConfigureAsync()).Environment["GREETING"].Split(' ')[0]);
    }

    [Fact]
    public async Task A_singleton_whose_secrets_are_due_is_admitted_once()
    {
        var session = TestCas.Session.Replace("size: 16}", "size: 16, rotation: {every: 1m}}", StringComparison.Ordinal)
            + "security: {attestation: {singleton_enclaves: true}}\n";
        await cas.CreateAsync(session);
        var before = await cas.ReadSecretAsync("key");
        cas.Time.Now += TimeSpan.FromMinutes(2);
        Assert.NotEqual(Convert.ToHexStringLower(before), (await cas.ConfigureAsync()).Environment["KEY"]);
    }
}
