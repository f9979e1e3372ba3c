using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Sgx;
using Guardian.Simulation;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Host;

/// <summary>A new build of the program gets the store's key when enough owners approved its measurement, and no other build does.</summary>
[Trait("Starts", "processes")]
public sealed class UpgradeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly IdentityKey alice = IdentityKey.Create();
    private readonly IdentityKey bob = IdentityKey.Create();
    private readonly string old = GuardianProgram.FolderOf("Guardian.Cas");

    public void Dispose()
    {
        alice.Dispose();
        bob.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task A_new_build_takes_over_when_the_owners_approved_it_and_nothing_is_lost()
    {
        var next = GuardianProgram.MakeBuild("Guardian.Cas", folder.File("next"));
        var other = GuardianProgram.MakeBuild("Guardian.Cas", folder.File("other"));
        CasIdentity before;
        using (var first = await StartAsync(old))
        {
            using var client = Client(first, alice);
            await client.CreateAsync(TestCas.Utf8(TestCas.Session));
            before = await client.ReadIdentityAsync();
            Assert.Equal(("made", 1L), (before.Origin, before.Line));
            Assert.Equal([Measure(old)], before.Code);

            // Other code of the same signer gets nothing, by its own seal or from the running CAS.
            await AssertRefusedAsync(next, "do not have");
            await AssertRefusedAsync(next, "not approved", "--join", first.Address.ToString());

            var approval = new UpgradeApproval(before.Identity, before.Owners.Hash!, Measure(next));
            Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(ApproveAsync(client, approval)));
            Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(ApproveAsync(client, approval with { Identity = Zeros }, bob)));
            Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(ApproveAsync(client, approval with { Owners = Zeros }, bob)));
            Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(ApproveAsync(client, approval with { MrEnclave = "x" }, bob)));
            var hash = Hash(approval.ToBytes());
            foreach (var subject in new[] { SignatureSubject.Owners, SignatureSubject.Session })
            {
                var signature = SessionSignature.Create(hash, bob, subject);
                Assert.Equal(
                    CasReasons.Invalid, await ExpectReasonAsync(client.ApproveUpgradeAsync(approval.ToBytes(), [signature])));
            }
            await AssertRefusedAsync(next, "not approved", "--join", first.Address.ToString());
            Assert.Equal([Measure(old), Measure(next)], (await ApproveAsync(client, approval, bob)).Code);
            Assert.Equal([Measure(old), Measure(next)], (await ApproveAsync(client, approval, bob)).Code);

            // Both builds serve one store until the old one is stopped.
            using var second = await StartAsync(next, "--join", first.Address.ToString());
            using var newer = Client(second, alice);
            Assert.Equal(TestCas.Session, (await newer.ReadAsync("shop")).Text);
            await newer.CreateAsync(TestCas.Utf8(Named("later")));
            Assert.Equal(Named("later"), (await client.ReadAsync("later")).Text);
            await AssertRefusedAsync(other, "not approved", "--join", second.Address.ToString());
        }
        using var again = await StartAsync(next);
        using var last = Client(again, alice);
        var after = await last.ReadIdentityAsync();
        Assert.Equal((before.Identity, "upgraded"), (after.Identity, after.Origin));
        Assert.Equal(before.Owners.Hash, after.Owners.Hash);
        Assert.Equal(Named("later"), (await last.ReadAsync("later")).Text);
        await AssertRefusedAsync(other, "do not have");

        // A machine for backups gets the key of the new build, though other code made the CAS.
        using (var backup = await GuardianProgram.ServeBuildAsync(
            folder.Path, next, "guardian-cas", "--state", folder.File("backup"), "--machine", folder.File("backup-machine"), "--listen",
            "127.0.0.1:0", "--mode", "key-only", "--join", again.Address.ToString()))
        {
            Assert.Equal(0, await backup.WaitAsync(TestContext.Current.CancellationToken));
            Assert.Single(Directory.GetFiles(folder.File("backup"), "*.sealed"));
        }

        // A caller who accepts only the new code learns that other code made the CAS.
        Assert.Equal(HttpStatusCode.OK, await AskAsync(again, (CasPins.CodeHeader, Measure(old))));
        foreach (var (name, value) in new[]
        {
            (CasPins.CodeHeader, Measure(next)), (CasPins.IdentityHeader, Zeros), (CasPins.OwnersHeader, Zeros), ("Other", ""),
        })
        {
            Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(again, (name, value)));
        }
        using var cautious = new CasClient(
            again.Address, Accept(next), null, TimeProvider.System, SimulatedPlatforms.Verifier, pins: CasPins.None);
        Assert.Equal(CasReasons.OtherCas, await ExpectReasonAsync(cautious.ReadOwnersAsync()));
        Assert.Equal(before.Identity, (await cautious.ReadIdentityAsync()).Identity);
        foreach (var (pins, isAccepted) in new[]
        {
            (new CasPins(before.Identity, before.Owners.Hash), true), (new CasPins(before.Identity, null), true),
            (new CasPins(Zeros, null), false), (new CasPins(before.Identity, Zeros), false),
        })
        {
            using var pinned = new CasClient(
                again.Address, Accept(next), null, TimeProvider.System, SimulatedPlatforms.Verifier, pins: pins);
            if (isAccepted)
            {
                await pinned.ReadOwnersAsync();
                continue;
            }
            Assert.Equal(CasReasons.OtherCas, await ExpectReasonAsync(pinned.ReadOwnersAsync()));
            Assert.Equal(CasReasons.OtherCas, await ExpectReasonAsync(pinned.ReadIdentityAsync()));
            Assert.Equal(CasReasons.OtherCas, await ExpectReasonAsync(pinned.CheckAsync()));
        }
    }

    // Any client, with a header.
    [SuppressMessage("Security", "CA5359", Justification = "only the answer's status matters")]
    private static async Task<HttpStatusCode> AskAsync(Running running, (string Name, string Value) header)
    {
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        using var http = new HttpClient(handler) { BaseAddress = running.Address };
        http.DefaultRequestHeaders.Add(header.Name, header.Value);
        using var answer = await http.GetAsync(new Uri("v1/owners", UriKind.Relative));
        return answer.StatusCode;
    }

    private static string Zeros { get; } = new('0', 64);

    private static string Named(string name) => TestCas.Session.Replace("name: shop", $"name: {name}", StringComparison.Ordinal);

    private static string Measure(string build) => EnclaveProcess.Measure(build).ToString();

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static Task<CasIdentity> ApproveAsync(CasClient client, UpgradeApproval approval, params IdentityKey[] signers) =>
        client.ApproveUpgradeAsync(
            approval.ToBytes(),
            [.. signers.Select(signer => SessionSignature.Create(Hash(approval.ToBytes()), signer, SignatureSubject.Upgrade))]);

    private async Task AssertRefusedAsync(string build, string reason, params string[] more)
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(build, more));
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    private Task<Running> StartAsync(string build, params string[] more) => GuardianProgram.ServeBuildAsync(
        folder.Path, build, "guardian-cas",
        ["--state", folder.File("cas"), "--machine", folder.File("machine"), "--listen", "127.0.0.1:0", "--owners",
        $"{alice.PublicKey},{bob.PublicKey}", "--threshold", "2", .. more]);

    private static AttestationPolicy Accept(params string[] builds) => new()
    {
        Identities = [new AcceptedIdentity { MrEnclaves = [.. builds.Select(EnclaveProcess.Measure)] }],
        Platforms = [PlatformKind.Simulated],
    };

    private CasClient Client(Running running, IdentityKey key) => new(
        running.Address, Accept(old, folder.File("next")), key.CreateClientCertificate(TimeProvider.System.GetUtcNow()),
        TimeProvider.System, SimulatedPlatforms.Verifier);
}
