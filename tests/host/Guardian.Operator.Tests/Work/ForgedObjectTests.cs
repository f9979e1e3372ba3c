using System.Text.Json.Nodes;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Protocol;
using Guardian.Operator.Objects;
using Guardian.Operator.Tests.Support;
using Guardian.Operator.Work;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;
using Guardian.Simulation;

namespace Guardian.Operator.Tests.Work;

/// <summary>With a real CAS: an attacker who controls the API server gets nothing that an author did not sign.</summary>
[Trait("Starts", "processes")]
public sealed class ForgedObjectTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private readonly CancellationTokenSource stop = new();
    private readonly string address = $"127.0.0.1:{ReservedPort.Reserve()}";
    private FakeApi api = null!;
    private Running cas = null!;
    private Task running = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        api = await FakeApi.StartAsync();
        foreach (var person in new[] { "owner", "attacker" })
        {
            (await GuardianProgram.RunAsync(folder.Path, "key", "create", $"{person}.pem")).Ends(0);
        }
        cas = await GuardianProgram.ServeAsync(
            folder.Path, "Guardian.Cli", "guardian", "cas", "start", "--listen", address, "--owner", "owner.pem");
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        cas.Dispose();
        await api.DisposeAsync();
        stop.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task The_cas_takes_what_its_author_signed_and_a_forged_object_gets_nothing()
    {
        using var verified = Verify(EnclaveProcess.Measure(GuardianProgram.FolderOf("Guardian.Cas")));
        running = new SessionOperator(api.Client, verified, TimeProvider.System, _ => { }).RunAsync(stop.Token);
        var identity = (await verified.ReadIdentityAsync(stop.Token)).Value!;
        var owner = GuardianProgram.PublicKey(folder.File("owner.pem"));
        var first = $"name: shop\ncreator: {owner}\naccess_policy: {{create_sessions: [CREATOR]}}\n";
        var signed = Sign(first, identity, "owner");
        var hash = (string?)(await api.WaitAcceptedAsync(api.Put("default", "shop", Spec(first, signed))))["hash"];
        Assert.Equal(first, (await CallAsync("session", "read", "shop", "--key", "owner.pem")).Ends(0).Output);
        (await CallAsync("session", "read", "shop", "--key", "attacker.pem")).Ends(1);

        var second = $"predecessor: {hash}\n{first}";
        var attacker = GuardianProgram.PublicKey(folder.File("attacker.pem"));
        var taken = second.Replace(owner, attacker, StringComparison.Ordinal);
        (string Name, string Text, string Submission, string Reason)[] forged =
        [
            ("changed", second, signed, "Invalid"),
            ("stolen", second, Sign(second, identity, "attacker"), "NotFound"),
            ("taken", taken, Sign(taken, identity, "attacker"), "NotFound"),
            ("elsewhere", second, Sign(second, new string('1', 64), "owner"), "Invalid"),
        ];
        foreach (var (name, text, submission, reason) in forged)
        {
            var status = await api.WaitRefusedAsync(api.Put("attack", name, Spec(text, submission)));
            Assert.Equal(reason, (string?)status["conditions"]![0]!["reason"]);
        }
        Assert.Equal(first, (await CallAsync("session", "read", "shop", "--key", "owner.pem")).Ends(0).Output);

        await api.WaitAcceptedAsync(api.Put("default", "shop", Spec(second, Sign(second, identity, "owner"))));
        var replayed = await api.WaitRefusedAsync(api.Put("attack", "replayed", Spec(first, signed)));
        Assert.Equal("Conflict", (string?)replayed["conditions"]![0]!["reason"]);
        Assert.Equal(second, (await CallAsync("session", "read", "shop", "--key", "owner.pem")).Ends(0).Output);
    }

    [Fact]
    public async Task A_cas_with_other_code_gets_nothing_and_the_status_says_why()
    {
        using var other = Verify(EnclaveProcess.Measure(GuardianProgram.FolderOf("Guardian.Cli")));
        running = new SessionOperator(api.Client, other, TimeProvider.System, _ => { }).RunAsync(stop.Token);
        var text = $"name: shop\ncreator: {GuardianProgram.PublicKey(folder.File("owner.pem"))}\naccess_policy: {{}}\n";
        var submission = Sign(text, new string('1', 64), "owner");
        var status = await api.WaitRefusedAsync(api.Put("default", "shop", Spec(text, submission)));
        Assert.Equal("NotTrusted", (string?)status["conditions"]![0]!["reason"]);
        Assert.Contains("mrenclave", (string)status["conditions"]![0]!["message"]!, StringComparison.Ordinal);
    }

    private VerifiedCas Verify(MrEnclave code) => new(
        new Uri($"https://{address}"),
        new AttestationPolicy
        {
            Identities = [new AcceptedIdentity { MrEnclaves = [code] }], Platforms = [PlatformKind.Simulated],
        },
        CasPins.None, SimulatedPlatforms.Verifier);

    private string Sign(string text, string identity, string person)
    {
        using var key = IdentityKey.Load(folder.File($"{person}.pem"));
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
        return SessionSignature.Create(SessionSubmission.HashOf(identity, hash), key, SignatureSubject.Submission).ToString();
    }

    private Task<Result> CallAsync(params string[] words) =>
        GuardianProgram.RunAsync(folder.Path, [.. words, "--cas", address, "--platform", "simulated"]);

    private static JsonObject Spec(string text, string submission) => new() { ["text"] = text, ["submission"] = submission };
}
