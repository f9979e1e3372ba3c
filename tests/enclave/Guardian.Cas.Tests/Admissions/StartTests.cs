using System.Security.Cryptography.X509Certificates;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Workloads;
using Guardian.Cas.Store;
using System.Security.Cryptography;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Admissions;

/// <summary>Programs side by side, replicas with volumes of their own, counted starts, and tokens for one start.</summary>
public sealed class StartTests : IDisposable
{
    private static readonly string Old = new('a', 64);
    private static readonly string Next = new('b', 64);

    private readonly TestCas cas = new();

    public void Dispose() => cas.Dispose();

    [Fact]
    public async Task During_an_update_two_programs_run_side_by_side_and_no_third_one()
    {
        await cas.CreateAsync(Session($"program: [{Old}, {Next}]"));
        foreach (var program in new[] { Old, Next })
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = Request() with { Program = program, WorkloadKey = key.ExportSubjectPublicKeyInfo() };
            var configuration = await StartAsync(request).ValueAsync();
            Assert.Equal(program, configuration.Program);
            // The other service learns which of them is at the other end, also after a renewal.
            Assert.Equal(program, ProgramOf(configuration.Workload!));
            var renewed = await cas.Admissions.RenewWorkloadAsync(request, cas.Certificate(TestCas.Program)).ValueAsync();
            Assert.Equal(program, ProgramOf(renewed));
        }
        var third = await ExpectRefusalAsync(StartAsync(Request() with { Program = new string('c', 64) }));
        Assert.Contains($"accepted {Old} or {Next}", Assert.Single(third.Problems), StringComparison.Ordinal);
        Assert.Contains("program: found none", (await ExpectRefusalAsync(StartAsync(Request()))).Problems[0], StringComparison.Ordinal);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var stranger = Request() with { Program = new string('c', 64), WorkloadKey = other.ExportSubjectPublicKeyInfo() };
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(
            cas.Admissions.RenewWorkloadAsync(stranger, cas.Certificate(TestCas.Program))));
        // One program is named by the session alone; the runtime compares.
        await cas.CreateAsync(Session($"program: {Old}").Replace("name: shop", "name: one", StringComparison.Ordinal));
        Assert.Equal(Old, (await cas.ConfigureAsync("one")).Program);
    }

    [Fact]
    public async Task Each_replica_has_a_volume_of_its_own()
    {
        await cas.CreateAsync(Session(
            "replicas: 2\n    volumes: [{name: data, path: /data, per_replica: true}, {name: shared, path: /shared}]", Volumes));
        var (first, second) = (
            await StartAsync(Request() with { Replica = 0 }).ValueAsync(), await StartAsync(Request() with { Replica = 1 }).ValueAsync());
        Assert.Equal(["data.0", "shared"], first.Volumes.Select(volume => volume.Name));
        Assert.Equal(["data.1", "shared"], second.Volumes.Select(volume => volume.Name));
        // The host can exchange the folders of two replicas, so their keys differ.
        Assert.NotEqual(first.Volumes[0].Key, second.Volumes[0].Key);
        Assert.Equal(first.Volumes[1].Key, second.Volumes[1].Key);
        Assert.Equal(first.Volumes[0].Key, (await StartAsync(Request() with { Replica = 0 }).ValueAsync()).Volumes[0].Key);
        Assert.Equal(("0", "1"), (first.Environment["GUARDIAN_REPLICA"], second.Environment["GUARDIAN_REPLICA"]));

        var (one, two) = (Tag(1), Tag(2));
        Assert.True((await SetTagAsync("data.0", null, one)).Moved);
        Assert.True((await SetTagAsync("data.1", null, two)).Moved);
        Assert.Equal(two, (await StartAsync(Request() with { Replica = 1 }).ValueAsync()).Volumes[0].Tag);
        Assert.Equal(one, (await cas.Admissions.ReadTagAsync("shop", "data.0", Certificate()).ValueAsync()).Tag);
        foreach (var name in new[] { "data", "data.2", "data.00", "data.-1", "data.0.0", "shared.0", "data.", "nothing.0" })
        {
            Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.Admissions.ReadTagAsync("shop", name, Certificate())));
        }
    }

    [Fact]
    public async Task A_host_that_gives_two_enclaves_one_number_does_not_fork_the_volume()
    {
        await cas.CreateAsync(Session("replicas: 2\n    volumes: [{name: data, path: /data, per_replica: true}]", Volumes));
        var (first, twin) = (
            await StartAsync(Request() with { Replica = 1 }).ValueAsync(), await StartAsync(Request() with { Replica = 1 }).ValueAsync());
        Assert.Equal((first.Volumes[0].Tag, true), (twin.Volumes[0].Tag, first.Volumes[0].Key.AsSpan().SequenceEqual(twin.Volumes[0].Key)));

        // A naive CAS takes the last write, and both go on from one state.
        var naive = new Dictionary<string, byte[]> { ["data.1"] = Tag(1) };
        naive["data.1"] = Tag(2);
        Assert.Equal(Tag(2), naive["data.1"]);

        Assert.True((await SetTagAsync("data.1", first.Volumes[0].Tag, Tag(1))).Moved);
        var late = await SetTagAsync("data.1", twin.Volumes[0].Tag, Tag(2));
        Assert.False(late.Moved);
        Assert.Equal(Tag(1), late.Tag);
    }

    [Theory]
    [InlineData("replicas: 2", null, "accepted 0 to 1")]
    [InlineData("replicas: 2", 2, "found 2; accepted 0 to 1")]
    [InlineData("replicas: 2", -1, "found -1; accepted 0 to 1")]
    [InlineData("pwd: /", 0, "no 'replicas'")]
    public async Task A_number_outside_the_session_is_denied(string line, int? replica, string expected)
    {
        await cas.CreateAsync(Session(line));
        var denied = await ExpectRefusalAsync(StartAsync(Request() with { Replica = replica }));
        Assert.Contains(expected, Assert.Single(denied.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_replica_of_a_singleton_has_one_enclave()
    {
        var session = "security: {attestation: {singleton_enclaves: true}}\n"
            + Session("replicas: 2\n    volumes: [{name: data, path: /data, per_replica: true}]", Volumes);
        await cas.CreateAsync(session);
        var (zero, one, newer) = (Certificate(), Certificate(), Certificate());
        await cas.Admissions.ConfigureAsync(Request() with { Replica = 0 }, zero).ValueAsync();
        await cas.Admissions.ConfigureAsync(Request() with { Replica = 1 }, one).ValueAsync();
        Assert.True((await cas.Admissions.SetTagAsync(new TagChange("shop", "data.0", null, Tag(1)), zero).ValueAsync()).Moved);
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(
            cas.Admissions.SetTagAsync(new TagChange("shop", "data.0", Tag(1), Tag(2)), one)));
        await cas.Admissions.ConfigureAsync(Request() with { Replica = 0 }, newer).ValueAsync();
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(
            cas.Admissions.SetTagAsync(new TagChange("shop", "data.0", Tag(1), Tag(2)), zero)));
        Assert.True((await cas.Admissions.SetTagAsync(new TagChange("shop", "data.0", Tag(1), Tag(2)), newer).ValueAsync()).Moved);
        Assert.True((await cas.Admissions.SetTagAsync(new TagChange("shop", "data.1", null, Tag(3)), one).ValueAsync()).Moved);
        var mixed = session.Replace(", per_replica: true}]", ", per_replica: true}]\n    tags: [all]", StringComparison.Ordinal)
            .Replace("name: shop", "name: mixed", StringComparison.Ordinal);
        Assert.Contains("per_replica", (await ExpectRefusalAsync(cas.CreateAsync(mixed))).Problems[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_starts_no_more_often_than_its_session_says()
    {
        var text = Session("max_activations: 2") + "  - {name: key, kind: binary, size: 8, rotation: {every: 30d}}\n";
        var hash = (await cas.CreateAsync(text)).Hash;
        await StartAsync(Request()).ValueAsync();
        // A secret that is renewed first does not count twice.
        cas.Time.Now += TimeSpan.FromDays(31);
        await StartAsync(Request()).ValueAsync();
        Assert.Contains(
            "activations: found 2; accepted 2", (await ExpectRefusalAsync(StartAsync(Request()))).Problems[0], StringComparison.Ordinal);
        cas.Reopen();
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(StartAsync(Request())));
        // An update does not begin to count anew.
        var same = (await cas.UpdateAsync("shop", $"predecessor: {hash}\n{text}")).Hash;
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(StartAsync(Request())));
        await cas.UpdateAsync(
            "shop", $"predecessor: {same}\n{text.Replace("max_activations: 2", "max_activations: 3", StringComparison.Ordinal)}");
        await StartAsync(Request()).ValueAsync();
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(StartAsync(Request())));
        using var other = TestCas.Launch(2);
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.ConfigureAsync(enclave: other)));
    }

    [Fact]
    public async Task A_token_admits_one_start_of_one_service()
    {
        await cas.CreateAsync(Session($"start_tokens: [{KeyHash.Of(TestCas.Bob)}]"));
        await cas.CreateAsync(
            Session($"start_tokens: [{KeyHash.Of(TestCas.Bob)}]").Replace("name: shop", "name: two", StringComparison.Ordinal));
        var without = await ExpectRefusalAsync(StartAsync(Request()));
        Assert.Contains("start token: found none", Assert.Single(without.Problems), StringComparison.Ordinal);
        // The creator is not among the issuers.
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.Services.StartTokens.IssueAsync(Wanted(), TestCas.Alice)));
        var token = await IssueAsync();
        Assert.Equal(cas.Time.Now.AddHours(24), token.Until);

        // Another enclave does not use it up, and another service does not take it.
        using var other = TestCas.Launch(2);
        var refused = cas.Admissions.ConfigureAsync(Request(token.Token), cas.Certificate(other));
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(refused));
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.Admissions.ConfigureAsync(
            Request(token.Token) with { Session = "two" }, cas.Certificate(TestCas.Program, "two"))));
        await StartAsync(Request(token.Token)).ValueAsync();
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(StartAsync(Request(token.Token))));
        cas.Reopen();
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(StartAsync(Request(token.Token))));

        var late = await IssueAsync();
        cas.Time.Now += TimeSpan.FromHours(25);
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(StartAsync(Request(late.Token))));
        // They have a bound, and those that ended make room.
        for (var i = 0; i < 64; i++)
        {
            await IssueAsync();
        }
        Assert.Equal(CasReasons.Busy, await ExpectReasonAsync(cas.Services.StartTokens.IssueAsync(Wanted(), TestCas.Bob)));
        cas.Time.Now += TimeSpan.FromHours(25);
        await StartAsync(Request((await IssueAsync()).Token)).ValueAsync();
    }

    [Fact]
    public async Task Two_starts_at_once_do_not_share_a_token()
    {
        await cas.CreateAsync(Session("start_tokens: [CREATOR]"));
        var token = (await cas.Services.StartTokens.IssueAsync(Wanted(), TestCas.Alice).ValueAsync()).Token;
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => StartAsync(Request(token)))));
        Assert.Single(outcomes, outcome => outcome.Value is not null);
        // The store keeps no token from which one could start.
        var row = await cas.Vault.RunAsync(transaction => transaction.ListNames("start", ""));
        Assert.Equal(["shop\nweb"], row);
    }

    [Fact]
    public async Task A_singleton_starts_although_a_secret_is_due()
    {
        await cas.CreateAsync("security: {attestation: {singleton_enclaves: true}}\n"
            + Session("pwd: /") + "  - {name: key, kind: binary, size: 8, rotation: {every: 30d}}\n");
        await StartAsync(Request()).ValueAsync();
        cas.Time.Now += TimeSpan.FromDays(31);
        await StartAsync(Request()).ValueAsync();
    }

    [Theory]
    [InlineData("program: []", "1 to 64")]
    [InlineData("program: [abc]", "64 lower-case hex digits")]
    [InlineData("replicas: 0", "from 1 to 1000")]
    [InlineData("replicas: 1001", "from 1 to 1000")]
    [InlineData("max_activations: 0", "max_activations")]
    [InlineData("start_tokens: [ANY]", "strangers")]
    [InlineData("start_tokens: [NONE]", "no key alone")]
    [InlineData("volumes: [{name: data, path: /data, per_replica: true}]", "how many 'replicas'")]
    [InlineData("attestation: [{signer: {mrsigner: SIGNER, isvprodid: 1, isvsvn_min: 4, isvsvn_max: 3}}]", "no enclave matches")]
    public async Task Mistakes_are_reported(string line, string expected)
    {
        var text = Session(line.Replace("SIGNER", new string('1', 64), StringComparison.Ordinal), Volumes);
        if (line.StartsWith("attestation", StringComparison.Ordinal))
        {
            text = text.Replace(
                $"    attestation: [{{mrenclave: [{TestCas.Program.Identity.MrEnclave}]}}]\n", "", StringComparison.Ordinal);
        }
        var refusal = await ExpectRefusalAsync(cas.CreateAsync(text));
        Assert.Contains(refusal.Problems, problem => problem.Contains(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(3, true)]
    [InlineData(2, false)]
    public async Task A_version_above_the_maximum_is_not_admitted(int maximum, bool isAdmitted)
    {
        await cas.CreateAsync(Session("pwd: /").Replace(
            $"attestation: [{{mrenclave: [{TestCas.Program.Identity.MrEnclave}]}}]",
            $"attestation: [{{signer: {{mrsigner: {TestCas.Program.Identity.MrSigner}, isvprodid: 1, isvsvn_min: 1, "
            + $"isvsvn_max: {maximum}}}}}]",
            StringComparison.Ordinal));
        var (configuration, refusal) = await StartAsync(Request());
        Assert.Equal(isAdmitted, configuration is not null);
        Assert.Equal(isAdmitted, refusal is null || !refusal.Problems[0].Contains("isvsvn at most 2", StringComparison.Ordinal));
    }

    private const string Volumes = "volumes:\n  - {name: data}\n  - {name: shared}\n";

    private static string Session(string line, string more = "") => $$"""
        name: shop
        {{more}}services:
          - name: web
            command: serve
            attestation: [{mrenclave: [{{TestCas.Program.Identity.MrEnclave}}]}]
            platforms: [simulated]
            {{line}}
        secrets:
          - {name: first, kind: ascii, size: 8}

        """;

    private static byte[] Tag(byte value) => [.. Enumerable.Repeat(value, 32)];

    private static string? ProgramOf(WorkloadConfiguration workload)
    {
        using var certificate = X509Certificate2.CreateFromPem(workload.Certificate);
        return WorkloadIdentity.TryRead(certificate)!.Program;
    }

    private static ConfigurationRequest Request(string? token = null) => new("shop", "web", StartToken: token);

    private static StartTokenRequest Wanted() => new("shop", "web");

    private byte[] Certificate() => cas.Certificate(TestCas.Program);

    private Task<Guardian.Refusals.Outcome<StartupConfiguration>> StartAsync(ConfigurationRequest request) =>
        cas.Admissions.ConfigureAsync(request, Certificate());

    private Task<StartToken> IssueAsync() => cas.Services.StartTokens.IssueAsync(Wanted(), TestCas.Bob).ValueAsync();

    private Task<TagOutcome> SetTagAsync(string name, byte[]? expected, byte[] next) =>
        cas.Admissions.SetTagAsync(new TagChange("shop", name, expected, next), Certificate()).ValueAsync();
}
