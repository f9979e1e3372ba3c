using Guardian.Cas.Client;
using Guardian.Sgx;

namespace Guardian.Cas.Tests;

public sealed class CasServiceTests : IDisposable
{
    private static readonly ConfigurationRequest Web = new("shop", "web");

    private readonly TestCas cas = new();

    public void Dispose() => cas.Dispose();

    [Fact]
    public void The_named_enclave_gets_command_environment_and_secrets()
    {
        var created = cas.Service.Create(TestCas.Utf8(TestCas.Session), TestCas.Alice);
        Assert.Equal(("shop", TestCas.Hash(TestCas.Session), TestCas.Session), (created.Name, created.Hash, created.Text));
        var configuration = cas.Service.Configure(Web, TestCas.Certificate(TestCas.Program));
        Assert.Equal(created.Hash, configuration.SessionHash);
        Assert.Equal(["serve", "--token"], configuration.Command.Take(2));
        Assert.Matches("^[A-Za-z0-9_-]{12}$", configuration.Command[2]);
        Assert.Matches("^[0-9a-f]{32}$", configuration.Environment["KEY"]);
        Assert.Equal("hello", configuration.Environment["GREETING"]);

        cas.Reopen();
        Assert.Equal(configuration.Environment["KEY"], cas.Service.Configure(Web, TestCas.Certificate(TestCas.Program)).Environment["KEY"]);
    }

    [Fact]
    public void A_denial_names_the_rule_what_was_found_and_what_would_be_accepted()
    {
        cas.Service.Create(TestCas.Utf8(TestCas.Session), TestCas.Alice);
        using var other = TestCas.Launch(2);
        var denied = Refused(() => cas.Service.Configure(Web, TestCas.Certificate(other)));
        Assert.Equal(CasFailure.Denied, denied.Failure);
        var problem = Assert.Single(denied.Problems);
        Assert.StartsWith($"identity: found mrenclave {other.Identity.MrEnclave}", problem, StringComparison.Ordinal);
        Assert.EndsWith($"accepted mrenclave {TestCas.Program.Identity.MrEnclave}", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Debug_enclaves_simulated_platforms_and_old_versions_are_denied()
    {
        var bySigner = TestCas.Session.Replace(
            $"- mrenclave: [{TestCas.Program.Identity.MrEnclave}]",
            $"- signer: {{mrsigner: {TestCas.Program.Identity.MrSigner}, isvprodid: 1, isvsvn_min: 4}}", StringComparison.Ordinal);
        cas.Service.Create(TestCas.Utf8(bySigner), TestCas.Alice);
        cas.Service.Create(TestCas.Utf8(bySigner.Replace("name: shop", "name: hard", StringComparison.Ordinal).Replace("    platforms: [simulated]\n", "", StringComparison.Ordinal)), TestCas.Alice);
        using var current = TestCas.Launch(3, isvSvn: 4);
        using var debug = TestCas.Launch(3, isvSvn: 4, AttributeFlags.Debug);

        Assert.NotNull(cas.Service.Configure(Web, TestCas.Certificate(current)));
        Assert.Contains("isvsvn 3; accepted", Denial(Web, TestCas.Program), StringComparison.Ordinal);
        Assert.Contains("isvsvn at least 4", Denial(Web, TestCas.Program), StringComparison.Ordinal);
        Assert.Equal("debug: found debug enclave; accepted production enclave", Denial(Web, debug));
        Assert.Equal("platform: found simulated; accepted hardware", Denial(Web with { Session = "hard" }, current));

        string Denial(ConfigurationRequest request, SimulatedEnclave enclave) =>
            Assert.Single(Refused(() => cas.Service.Configure(request, TestCas.Certificate(enclave))).Problems);
    }

    [Fact]
    public void Who_is_no_attested_enclave_gets_nothing()
    {
        cas.Service.Create(TestCas.Utf8(TestCas.Session), TestCas.Alice);
        using var key = Attestation.IdentityKey.Create();
        using var plain = key.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        Assert.Contains("no attested enclave", Refused(() => cas.Service.Configure(Web, plain.RawData)).Message, StringComparison.Ordinal);
        Assert.Equal(CasFailure.Denied, Refused(() => cas.Service.Configure(Web, default)).Failure);
        Assert.Equal(CasFailure.NotFound, Refused(() => cas.Service.Configure(new ConfigurationRequest("shop", "x"), TestCas.Certificate(TestCas.Program))).Failure);
        Assert.Equal(CasFailure.NotFound, Refused(() => cas.Service.Configure(new ConfigurationRequest("x", "web"), TestCas.Certificate(TestCas.Program))).Failure);
    }

    [Fact]
    public void A_session_is_its_creators_alone()
    {
        cas.Service.Create(TestCas.Utf8(TestCas.Session), TestCas.Alice);
        Assert.Equal(TestCas.Session, cas.Service.Read("shop", TestCas.Alice).Text);
        var stranger = Refused(() => cas.Service.Read("shop", TestCas.Bob));
        var absent = Refused(() => cas.Service.Read("none", TestCas.Bob));
        Assert.Equal((absent.Failure, absent.Message.Replace("none", "shop", StringComparison.Ordinal)), (stranger.Failure, stranger.Message));
        Assert.Equal(CasFailure.NotFound, Refused(() => cas.Service.Update("shop", TestCas.Utf8(Next()), TestCas.Bob)).Failure);
        Assert.Equal(CasFailure.Conflict, Refused(() => cas.Service.Create(TestCas.Utf8(TestCas.Session), TestCas.Bob)).Failure);
    }

    [Fact]
    public void An_update_names_what_it_replaces_and_keeps_what_was_made()
    {
        cas.Service.Create(TestCas.Utf8(TestCas.Session), TestCas.Alice);
        var before = cas.Service.Configure(Web, TestCas.Certificate(TestCas.Program));
        Assert.Equal(CasFailure.Conflict, Refused(() => cas.Service.Update("shop", TestCas.Utf8(TestCas.Session), TestCas.Alice)).Failure);
        var stale = Refused(() => cas.Service.Update("shop", TestCas.Utf8($"predecessor: {new string('0', 64)}\n{TestCas.Session}"), TestCas.Alice));
        Assert.Contains(TestCas.Hash(TestCas.Session), stale.Message, StringComparison.Ordinal);
        Assert.Equal(CasFailure.Invalid, Refused(() => cas.Service.Update("other", TestCas.Utf8(Next()), TestCas.Alice)).Failure);
        Assert.Equal(CasFailure.Invalid, Refused(() => cas.Service.Create(TestCas.Utf8(Next().Replace("name: shop", "name: new", StringComparison.Ordinal)), TestCas.Alice)).Failure);

        cas.Service.Update("shop", TestCas.Utf8(Next()), TestCas.Alice);
        var after = cas.Service.Configure(Web, TestCas.Certificate(TestCas.Program));
        Assert.Equal(before.Environment["KEY"], after.Environment["KEY"]);
        Assert.NotEqual(before.Command[2].Length, after.Command[2].Length);
        Assert.Equal(CasFailure.Conflict, Refused(() => cas.Service.Update("shop", TestCas.Utf8(Next()), TestCas.Alice)).Failure);
    }

    // The token is made anew, because its size is another.
    private static string Next() => $"predecessor: {TestCas.Hash(TestCas.Session)}\n{TestCas.Session.Replace("size: 12", "size: 20", StringComparison.Ordinal)}";

    private static CasException Refused(Action call) => Assert.Throws<CasException>(call);
}
