using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Simulation.Processor;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Admissions;

/// <summary>Admitted enclaves get their configuration, and all others get a reason.</summary>
public sealed class AdmissionTests : IDisposable
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
    public async Task A_denial_names_the_rule_the_value_found_and_the_accepted_values()
    {
        await cas.CreateAsync(TestCas.Session);
        using var other = TestCas.Launch(2);
        var denied = await ExpectRefusalAsync(cas.ConfigureAsync(enclave: other));
        Assert.Equal(CasReasons.Denied, denied.Reason);
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
        await cas.CreateAsync(bySigner
            .Replace("name: shop", "name: hard", StringComparison.Ordinal)
            .Replace("    platforms: [simulated]\n", "", StringComparison.Ordinal));
        using var current = TestCas.Launch(3, isvSvn: 4);
        using var debug = TestCas.Launch(3, isvSvn: 4, AttributeFlags.Debug);

        Assert.NotNull(await cas.ConfigureAsync(enclave: current));
        Assert.Contains("isvsvn 3; accepted", await DenialAsync("shop", TestCas.Program), StringComparison.Ordinal);
        Assert.Contains("isvsvn at least 4", await DenialAsync("shop", TestCas.Program), StringComparison.Ordinal);
        Assert.Equal("debug: found debug enclave; accepted production enclave", await DenialAsync("shop", debug));
        Assert.Equal("platform: found simulated; accepted hardware", await DenialAsync("hard", current));

        async Task<string> DenialAsync(string session, SimulatedEnclave enclave) =>
            Assert.Single((await ExpectRefusalAsync(cas.ConfigureAsync(session, enclave: enclave))).Problems);
    }

    [Fact]
    public async Task A_caller_that_is_not_an_attested_enclave_gets_nothing()
    {
        await cas.CreateAsync(TestCas.Session);
        using var key = IdentityKey.Create();
        using var plain = key.CreateClientCertificate(cas.Time.Now);
        var web = new ConfigurationRequest("shop", "web");
        var denied = await ExpectRefusalAsync(cas.Admissions.ConfigureAsync(web, plain.RawData));
        Assert.Contains("no attested enclave", denied.Detail, StringComparison.Ordinal);
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.Admissions.ConfigureAsync(web, default)));
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.ConfigureAsync("shop", "x")));
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.ConfigureAsync("x")));
    }
}
