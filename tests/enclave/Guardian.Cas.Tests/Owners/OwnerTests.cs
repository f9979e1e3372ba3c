using System.Text.Json;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Owners;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Host;
using Guardian.Cas.Owners;
using Guardian.Cas.Store;
using Guardian.Cas.Tests.Store;
using Guardian.Simulation;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Owners;

/// <summary>Enough owners replace the owners of a CAS, and their consent counts for this CAS and once only.</summary>
public sealed class OwnersTests : IDisposable
{
    private readonly TestCas cas = new(isOwned: false);
    private readonly IdentityKey alice = IdentityKey.Create();
    private readonly IdentityKey bob = IdentityKey.Create();
    private readonly IdentityKey carol = IdentityKey.Create();
    private readonly IdentityKey dave = IdentityKey.Create();

    public void Dispose()
    {
        cas.Dispose();
        alice.Dispose();
        bob.Dispose();
        carol.Dispose();
        dave.Dispose();
    }

    [Fact]
    public async Task Enough_owners_name_new_owners_who_then_recover_the_store()
    {
        var claimed = await ClaimAsync(cas.Services);
        var change = Change(claimed.Hash, 2, carol, dave);
        var changed = await ChangeAsync(cas.Services, change, alice, bob);
        Assert.Equal([Hash(carol), Hash(dave)], changed.Keys);
        Assert.Equal(2, changed.Threshold);
        Assert.NotEqual(claimed.Hash, changed.Hash);
        cas.Reopen();
        Assert.Equivalent(changed, await cas.Owners.ReadAsync().ValueAsync(), strict: true);
        var text = $"2 of {Hash(carol)}, {Hash(dave)}, approved by {Hash(alice)}, {Hash(bob)}";
        var forCarol = await cas.Audit.ReadAsync("0", carol.SubjectPublicKeyInfo).ValueAsync();
        var forAlice = await cas.Audit.ReadAsync("0", alice.SubjectPublicKeyInfo).ValueAsync();
        Assert.Contains(forCarol.Details, detail => detail?.Text == text);
        Assert.All(forAlice.Details, Assert.Null);

        using var rows = SqliteRowStore.Open(Path.Combine(cas.Folder, "cas.sqlite"));
        var recovery = KeyRecovery.Open(rows, TestCas.Rules, new TestTime());
        Assert.All(recovery.Description.Shares, share => Assert.Null(KeyShare.Decrypt(share, alice, recovery.Description.Commitment)));
        var opened = recovery.Description.Shares.Select(
            (share, i) =>
                new OpenedShare(share.X, KeyShare.Decrypt(share, i == 0 ? carol : dave, recovery.Description.Commitment)!)).ToList();
        Assert.False(recovery.AddShare(opened[0], carol.SubjectPublicKeyInfo).Value!.IsDone);
        Assert.True(recovery.AddShare(opened[1], dave.SubjectPublicKeyInfo).Value!.IsDone);
    }

    [Fact]
    public async Task Signatures_of_owners_count_no_matter_who_sends_them()
    {
        var claimed = await ClaimAsync(cas.Services);
        var change = Change(claimed.Hash, 1, dave);
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(ChangeAsync(cas.Services, change, dave, alice)));
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(ChangeAsync(cas.Services, change, alice, alice, dave)));
        Assert.Equal([Hash(dave)], (await ChangeAsync(cas.Services, change, dave, alice, carol)).Keys);
    }

    [Fact]
    public async Task A_signature_is_valid_for_one_change_in_one_cas_only()
    {
        var tooEarly = ChangeAsync(cas.Services, Change(new string('0', 64), 1, dave), alice, bob);
        Assert.Equal(CasReasons.Unclaimed, await ExpectReasonAsync(tooEarly));
        var claimed = await ClaimAsync(cas.Services);
        var change = Change(claimed.Hash, 1, dave);
        var other = SessionSignature.Create(TestCas.Hash(TestCas.Session), bob, SignatureSubject.Owners);
        var session = SessionSignature.Create(HashOf(change), bob);
        foreach (var signature in new[] { other, session,
            SessionSignature.Create(HashOf(change), bob, SignatureSubject.Owners) with { Key = carol.PublicKey } })
        {
            Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(SendAsync(cas.Services, change, alice, signature)));
        }

        using var elsewhere = new TestCas(isOwned: false);
        var same = await ClaimAsync(elsewhere.Services);
        Assert.NotEqual(claimed.Hash, same.Hash);
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(ChangeAsync(elsewhere.Services, change, alice, bob)));

        // The first owners return, and their old signatures are no longer valid.
        var changed = await ChangeAsync(cas.Services, change, alice, bob);
        var again = await ChangeAsync(cas.Services, Change(changed.Hash, 2, alice, bob, carol), dave);
        Assert.Equal(claimed.Keys, again.Keys);
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(ChangeAsync(cas.Services, change, alice, bob)));
        Assert.Equivalent(again, await cas.Owners.ReadAsync().ValueAsync(), strict: true);
    }

    [Fact]
    public async Task Owners_must_make_sense()
    {
        var claimed = await ClaimAsync(cas.Services);
        foreach (var (threshold, keys) in new (
            int,
            string[])[] { (1, []), (0, [alice.PublicKey]), (2, [alice.PublicKey]), (1, [alice.PublicKey, alice.PublicKey]), (1, ["x"]) })
        {
            var change = new OwnersChange(claimed.Hash!, keys, threshold).ToBytes();
            Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(ChangeAsync(cas.Services, change, alice, bob)));
        }
    }

    [Fact]
    public async Task Owners_and_shares_fit_together_after_the_database_fails_at_any_step()
    {
        var wasReached = true;
        var outcomes = new HashSet<int>();
        for (var step = 0; wasReached; step++)
        {
            var rows = new MemoryRowStore();
            using (var vault = Open(rows))
            {
                var claimed = await ClaimAsync(Services(vault));
                rows.FailNext(step);
                try
                {
                    await ChangeAsync(Services(vault), Change(claimed.Hash, 1, dave), alice, bob);
                }
                catch (StoreException)
                {
                    // It happened or not.
                }
                wasReached = rows.HasFailed;
                rows.FailsAt = -1;
            }
            using var again = Open(rows);
            var owners = await Services(again).Owners.ReadAsync().ValueAsync();
            outcomes.Add(owners.Threshold);
            Assert.Equal(
                owners.Keys, KeyRecovery.Open(rows, TestCas.Rules, new TestTime()).Description.Shares.Select(share => share.Owner));
            Assert.Equal(owners.Threshold, KeyRecovery.Open(rows, TestCas.Rules, new TestTime()).Description.Threshold);
        }
        Assert.Equal([1, 2], outcomes.Order());
    }

    [Fact]
    public async Task Another_replica_knows_the_new_owners()
    {
        var rows = new MemoryRowStore();
        using var one = Open(rows);
        using var other = Open(rows);
        var claimed = await ClaimAsync(Services(one));
        Assert.Equivalent(claimed, await Services(other).Owners.ReadAsync().ValueAsync(), strict: true);
        var changed = await ChangeAsync(Services(other), Change(claimed.Hash, 1, dave), alice, bob);
        Assert.Equivalent(changed, await Services(one).Owners.ReadAsync().ValueAsync(), strict: true);
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(ChangeAsync(Services(one), Change(changed.Hash, 1, alice), alice, bob)));
    }

    private static Vault Open(MemoryRowStore rows) => TestCas.Open(rows, isOwned: false);

    private static CasServices Services(Vault vault) => new(vault, SimulatedPlatforms.Verifier, new TestTime());

    private static string Hash(IdentityKey key) => HashOf(key.SubjectPublicKeyInfo);

    private static string HashOf(byte[] bytes) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));

    private static byte[] Change(string? predecessor, int threshold, params IdentityKey[] owners) =>
        new OwnersChange(predecessor!, [.. owners.Select(owner => owner.PublicKey)], threshold).ToBytes();

    private static Task<OwnersDescription> ChangeAsync(
        CasServices services, byte[] change, IdentityKey caller, params IdentityKey[] signers)
    {
        var signatures = signers.Select(signer => SessionSignature.Create(HashOf(change), signer, SignatureSubject.Owners));
        return SendAsync(services, change, caller, [.. signatures]);
    }

    private static Task<OwnersDescription> SendAsync(
        CasServices services, byte[] change, IdentityKey caller, params SessionSignature[] signatures) =>
        services.Owners.ChangeAsync(change, OwnersChange.TryRead(change)!, caller.SubjectPublicKeyInfo, signatures).ValueAsync();

    private Task<OwnersDescription> ClaimAsync(CasServices services) =>
        services.Owners.ClaimAsync(
            new OwnersClaim([alice.PublicKey, bob.PublicKey, carol.PublicKey], 2), alice.SubjectPublicKeyInfo).ValueAsync();
}
