using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Protocol;
using Guardian.Sgx;
using Guardian.Sgx.Simulated;

namespace Guardian.Cas.Tests;

public sealed class CasServiceTests : IDisposable
{
    private readonly TestCas cas = new();

    public void Dispose() => cas.Dispose();

    [Fact]
    public async Task The_named_enclave_gets_command_environment_and_secrets()
    {
        var created = await cas.CreateAsync(TestCas.Session);
        Assert.Equal(("shop", TestCas.Hash(TestCas.Session), TestCas.Session), (created.Name, created.Hash, created.Text));
        var configuration = await cas.ConfigureAsync();
        Assert.Equal(created.Hash, configuration.SessionHash);
        Assert.Equal(["serve", "--token"], configuration.Command.Take(2));
        Assert.Matches("^[A-Za-z0-9_-]{12}$", configuration.Command[2]);
        Assert.Matches("^[0-9a-f]{32}$", configuration.Environment["KEY"]);
        Assert.Equal("hello", configuration.Environment["GREETING"]);

        cas.Reopen();
        Assert.Equal(configuration.Environment["KEY"], (await cas.ConfigureAsync()).Environment["KEY"]);
    }

    [Fact]
    public async Task A_denial_names_the_rule_what_was_found_and_what_would_be_accepted()
    {
        await cas.CreateAsync(TestCas.Session);
        using var other = TestCas.Launch(2);
        var denied = await RefusedAsync(cas.ConfigureAsync(enclave: other));
        Assert.Equal(CasFailure.Denied, denied.Failure);
        var problem = Assert.Single(denied.Problems);
        Assert.StartsWith($"identity: found mrenclave {other.Identity.MrEnclave}", problem, StringComparison.Ordinal);
        Assert.EndsWith($"accepted mrenclave {TestCas.Program.Identity.MrEnclave}", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Debug_enclaves_simulated_platforms_and_old_versions_are_denied()
    {
        var bySigner = TestCas.Session.Replace(
            $"- mrenclave: [{TestCas.Program.Identity.MrEnclave}]",
            $"- signer: {{mrsigner: {TestCas.Program.Identity.MrSigner}, isvprodid: 1, isvsvn_min: 4}}", StringComparison.Ordinal);
        await cas.CreateAsync(bySigner);
        await cas.CreateAsync(bySigner.Replace("name: shop", "name: hard", StringComparison.Ordinal).Replace("    platforms: [simulated]\n", "", StringComparison.Ordinal));
        using var current = TestCas.Launch(3, isvSvn: 4);
        using var debug = TestCas.Launch(3, isvSvn: 4, AttributeFlags.Debug);

        Assert.NotNull(await cas.ConfigureAsync(enclave: current));
        Assert.Contains("isvsvn 3; accepted", await DenialAsync("shop", TestCas.Program), StringComparison.Ordinal);
        Assert.Contains("isvsvn at least 4", await DenialAsync("shop", TestCas.Program), StringComparison.Ordinal);
        Assert.Equal("debug: found debug enclave; accepted production enclave", await DenialAsync("shop", debug));
        Assert.Equal("platform: found simulated; accepted hardware", await DenialAsync("hard", current));

        async Task<string> DenialAsync(string session, SimulatedEnclave enclave) =>
            Assert.Single((await RefusedAsync(cas.ConfigureAsync(session, enclave: enclave))).Problems);
    }

    [Fact]
    public async Task Who_is_no_attested_enclave_gets_nothing()
    {
        await cas.CreateAsync(TestCas.Session);
        using var key = IdentityKey.Create();
        using var plain = key.CreateClientCertificate(cas.Time.Now);
        var web = new ConfigurationRequest("shop", "web");
        Assert.Contains("no attested enclave", (await RefusedAsync(cas.Service.ConfigureAsync(web, plain.RawData))).Message, StringComparison.Ordinal);
        Assert.Equal(CasFailure.Denied, (await RefusedAsync(cas.Service.ConfigureAsync(web, default))).Failure);
        Assert.Equal(CasFailure.NotFound, (await RefusedAsync(cas.ConfigureAsync("shop", "x"))).Failure);
        Assert.Equal(CasFailure.NotFound, (await RefusedAsync(cas.ConfigureAsync("x"))).Failure);
    }

    [Fact]
    public async Task A_session_is_its_creators_alone()
    {
        await cas.CreateAsync(TestCas.Session);
        Assert.Equal(TestCas.Session, (await cas.Service.ReadAsync("shop", TestCas.Alice)).Text);
        var stranger = await RefusedAsync(cas.Service.ReadAsync("shop", TestCas.Bob));
        var absent = await RefusedAsync(cas.Service.ReadAsync("none", TestCas.Bob));
        Assert.Equal((absent.Failure, absent.Message.Replace("none", "shop", StringComparison.Ordinal)), (stranger.Failure, stranger.Message));
        Assert.Equal(CasFailure.NotFound, (await RefusedAsync(cas.UpdateAsync("shop", Next(), TestCas.Bob))).Failure);
        Assert.Equal(CasFailure.Conflict, (await RefusedAsync(cas.CreateAsync(TestCas.Session, TestCas.Bob))).Failure);
    }

    [Fact]
    public async Task An_update_names_what_it_replaces_and_keeps_what_was_made()
    {
        await cas.CreateAsync(TestCas.Session);
        var before = await cas.ConfigureAsync();
        Assert.Equal(CasFailure.Conflict, (await RefusedAsync(cas.UpdateAsync("shop", TestCas.Session))).Failure);
        var stale = await RefusedAsync(cas.UpdateAsync("shop", $"predecessor: {new string('0', 64)}\n{TestCas.Session}"));
        Assert.Contains(TestCas.Hash(TestCas.Session), stale.Message, StringComparison.Ordinal);
        Assert.Equal(CasFailure.Invalid, (await RefusedAsync(cas.UpdateAsync("other", Next()))).Failure);
        Assert.Equal(CasFailure.Invalid, (await RefusedAsync(cas.CreateAsync(Next().Replace("name: shop", "name: new", StringComparison.Ordinal)))).Failure);

        await cas.UpdateAsync("shop", Next());
        var after = await cas.ConfigureAsync();
        Assert.Equal(before.Environment["KEY"], after.Environment["KEY"]);
        Assert.NotEqual(before.Command[2].Length, after.Command[2].Length);
        Assert.Equal(CasFailure.Conflict, (await RefusedAsync(cas.UpdateAsync("shop", Next()))).Failure);
    }

    // The token is made anew, because its size is another.
    private static string Next() => $"predecessor: {TestCas.Hash(TestCas.Session)}\n{TestCas.Session.Replace("size: 12", "size: 20", StringComparison.Ordinal)}";

    private static Task<CasException> RefusedAsync(Task call) => Assert.ThrowsAsync<CasException>(() => call);
}
