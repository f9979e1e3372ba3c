using System.Security.Cryptography;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Owners;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Owners;
using Guardian.Cas.Store;
using Guardian.Refusals;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Owners;

/// <summary>Enough owners recover a store whose machine is lost, and fewer of them learn nothing.</summary>
public sealed class RecoveryTests : IDisposable
{
    private readonly TestCas cas = new(isOwned: false);
    private readonly IdentityKey[] owners = [IdentityKey.Create(), IdentityKey.Create(), IdentityKey.Create()];

    public void Dispose()
    {
        cas.Dispose();
        Array.ForEach(owners, owner => owner.Dispose());
    }

    [Fact]
    public void The_field_is_the_one_of_fips_197()
    {
        // FIPS 197, 4.2 and 4.2.1.
        Assert.Equal(0xC1, Shamir.Multiply(0x57, 0x83));
        Assert.Equal(0xFE, Shamir.Multiply(0x57, 0x13));
        Assert.Equal(0xAE, Shamir.Multiply(0x57, 0x02));
        for (var x = 1; x < 256; x++)
        {
            Assert.Single(Enumerable.Range(1, 255), y => Shamir.Multiply(x, y) == 1);
        }
    }

    [Fact]
    public void Any_threshold_of_shares_gives_the_secret_and_fewer_fit_every_secret()
    {
        var secret = RandomNumberGenerator.GetBytes(32);
        foreach (var (threshold, count) in new[] { (1, 1), (1, 3), (2, 3), (3, 5), (5, 5), (7, 32) })
        {
            var shares = Shamir.Split(secret, threshold, count).Select((share, index) => ((byte)(index + 1), share)).ToArray();
            for (var round = 0; round < 10; round++)
            {
                RandomNumberGenerator.Shuffle<(byte, byte[])>(shares);
                Assert.Equal(secret, Shamir.Combine(shares[..threshold]));
            }
            if (threshold > 1)
            {
                // With one share less, each guess of the missing share gives another secret, so the known shares reveal nothing.
                var few = shares[..(threshold - 1)];
                var guesses = Enumerable.Range(0, 256).Select(
                    guess => Shamir.Combine([.. few.Select(each => (each.Item1, each.share[..1])), (shares[^1].Item1, [(byte)guess])])[0]);
                Assert.Equal(256, guesses.Distinct().Count());
            }
        }
    }

    [Fact]
    public async Task Two_of_three_owners_recover_the_store_on_another_machine()
    {
        var claim = new OwnersClaim([.. owners.Select(owner => owner.PublicKey)], 2);
        await cas.Owners.ClaimAsync(claim, owners[0].SubjectPublicKeyInfo).ValueAsync();
        await cas.CreateAsync(TestCas.Session);
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(cas.Owners.ClaimAsync(claim, owners[0].SubjectPublicKeyInfo)));
        Assert.Equal(2, (await cas.Owners.ReadAsync().ValueAsync()).Threshold);
        var identity = cas.Vault.LogId;
        using var former = new StoreKey(cas.Vault.Key.Value);
        cas.Vault.Dispose();

        Array.ForEach(Directory.GetFiles(cas.Folder, "*.sealed"), File.Delete);
        Assert.Throws<InvalidDataException>(() => cas.Reopen());
        var recovery = OpenRecovery();
        var first = OpenShare(recovery, owners[2]);
        Assert.Equal(CasReasons.Denied, recovery.AddShare(first, owners[0].SubjectPublicKeyInfo).Refusal?.Reason);
        Assert.Equal(new RecoveryProgress(1, 2, false), Give(recovery, owners[2]).Value);
        Assert.Equal(new RecoveryProgress(1, 2, false), Give(recovery, owners[2]).Value);
        Assert.Equal(
            CasReasons.Denied, recovery.AddShare(first with { Share = new byte[32] }, owners[2].SubjectPublicKeyInfo).Refusal?.Reason);
        Assert.True(Give(recovery, owners[0]).Value!.IsDone);
        using (var rows = OpenRows())
        using (var old = await recovery.Key)
        using (var audit = TestCas.NewAuditKey())
        {
            Rekeying.Rekey(rows, old, audit, TestCas.Rules, cas.Time, new KeyFile(cas.Folder, TestCas.Cas)).Key.Dispose();
        }
        cas.Reopen();
        Assert.Equal(TestCas.Session, (await cas.Sessions.ReadAsync("shop", TestCas.Alice).ValueAsync()).Text);
        Assert.Equal((identity, KeyOrigin.Recovered), (cas.Vault.LogId, cas.Vault.Held.Origin));

        // The former key opens nothing any more, and everything that was written under it can still be read.
        Assert.False(former.Commitment.SequenceEqual(cas.Vault.Key.Commitment));
        using (var rows = OpenRows())
        using (var transaction = rows.Begin())
        {
            Assert.Null(former.Decrypt("head", "", transaction.Find("head", "")));
            Assert.Null(former.Decrypt("session", "shop", transaction.Find("session", "shop")));
        }
        var log = await cas.Audit.ReadAsync("0", owners[1].SubjectPublicKeyInfo).ValueAsync();
        Assert.Equal(
            ["started", "owners-claimed", "session-created", "recovered", "rows-encrypted", "started"],
            log.Lines.Select(line => AuditLine.TryRead(TestCas.Utf8(line))!.Value.Payload.Event));
        Assert.Equal("shop", log.Details[2]!.Subject);
        // A change of a row after the recovery is still named.
        await cas.UpdateAsync("shop", $"predecessor: {TestCas.Hash(TestCas.Session)}\n{TestCas.Session}");
        cas.Reopen();
        // The owners can do it again, with shares of the new key.
        recovery = OpenRecovery();
        Give(recovery, owners[0]);
        Assert.True(Give(recovery, owners[1]).Value!.IsDone);
    }

    [Fact]
    public async Task Only_its_owner_can_open_a_share()
    {
        var claim = new OwnersClaim([.. owners.Select(owner => owner.PublicKey)], 2);
        await cas.Owners.ClaimAsync(claim, owners[0].SubjectPublicKeyInfo).ValueAsync();
        var (shares, commitment) = (OpenRecovery().Description.Shares, OpenRecovery().Description.Commitment);
        Assert.NotNull(KeyShare.Decrypt(shares[0], owners[0], commitment));
        Assert.Null(KeyShare.Decrypt(shares[0], owners[1], commitment));
        // As the share of another store's key.
        Assert.Null(KeyShare.Decrypt(shares[0], owners[0], new byte[32]));
        Assert.Null(
            KeyShare.Decrypt(shares[0] with { Sealed = [.. shares[0].Sealed.Select(value => (byte)(value ^ 1))] }, owners[0], commitment));
        Assert.Null(KeyShare.Decrypt(shares[0] with { Ephemeral = [1, 2, 3] }, owners[0], commitment));
    }

    [Fact]
    public async Task A_store_without_owners_cannot_be_recovered_and_a_claim_must_make_sense()
    {
        Assert.Contains("never claimed", Assert.Throws<InvalidDataException>(OpenRecovery).Message, StringComparison.Ordinal);
        var key = owners[0].PublicKey;
        foreach (var claim in new OwnersClaim[] { new([], 1), new([key], 0), new([key], 2), new([key, key], 1), new([key, "x"], 1),
            new([owners[1].PublicKey], 1) })
        {
            Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(cas.Owners.ClaimAsync(claim, owners[0].SubjectPublicKeyInfo)));
        }
    }

    private SqliteRowStore OpenRows() => SqliteRowStore.Open(Path.Combine(cas.Folder, "cas.sqlite"));

    private KeyRecovery OpenRecovery()
    {
        using var rows = OpenRows();
        return KeyRecovery.Open(rows, TestCas.Rules, cas.Time);
    }

    private static Outcome<RecoveryProgress> Give(KeyRecovery recovery, IdentityKey owner) =>
        recovery.AddShare(OpenShare(recovery, owner), owner.SubjectPublicKeyInfo);

    private static OpenedShare OpenShare(KeyRecovery recovery, IdentityKey owner)
    {
        var commitment = recovery.Description.Commitment;
        var share = recovery.Description.Shares.Single(share => KeyShare.Decrypt(share, owner, commitment) is not null);
        return new OpenedShare(share.X, KeyShare.Decrypt(share, owner, commitment)!);
    }
}
