using System.Security.Cryptography;
using System.Text.Json;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Owners;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Host;
using Guardian.Cas.Owners;
using Guardian.Cas.Sessions;
using Guardian.Cas.Store;
using Guardian.Cas.Tests.Store;
using Guardian.Refusals;
using Guardian.Simulation;
using Guardian.Simulation.Processor;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Owners;

/// <summary>
/// A host gives a CAS a store whose key the host knows. Each attack succeeds against the naive variant in this file, which decides as the
/// CAS did before, and fails against the CAS.
/// </summary>
public sealed class OriginAttackTests : IDisposable
{
    private static readonly byte[] Known = RandomNumberGenerator.GetBytes(32);

    private readonly IdentityKey mallory = IdentityKey.Create();
    private readonly IdentityKey alice = IdentityKey.Create();
    private readonly TestTime time = new();

    public void Dispose()
    {
        mallory.Dispose();
        alice.Dispose();
    }

    [Fact]
    public async Task A_planted_store_without_a_log_is_not_recovered()
    {
        using var key = new StoreKey(Known);
        var head = new StoreHead(1, new string('1', 64), new string('1', 64), new byte[32], []);
        var rows = new MemoryRowStore();
        rows.Set(("head", ""), key.Encrypt("head", "", JsonSerializer.SerializeToUtf8Bytes(head, StoreJson.Default.StoreHead)));
        rows.Set(("recovery", ""), PlantShares());
        Assert.Equal(Known, NaiveRecovery(rows, new OpenedShare(1, Known)));
        Assert.Contains("no CAS made it", Refuse(rows), StringComparison.Ordinal);

        // With the log of a genuine CAS, and with the genuine shares of it.
        var genuine = await MakeGenuineAsync();
        foreach (var row in genuine.Where(row => row.Key.Kind == "log"))
        {
            rows.Set(row.Key, row.Value);
        }
        Assert.Equal(Known, NaiveRecovery(rows, new OpenedShare(1, Known)));
        Assert.Contains("not those that the CAS dealt", Refuse(rows), StringComparison.Ordinal);
        rows.Set(("recovery", ""), genuine[("recovery", "")]);
        var recovery = KeyRecovery.Open(rows, TestCas.Rules, time);
        Assert.Equal(
            CasReasons.Denied, recovery.AddShare(new OpenedShare(1, Known), mallory.SubjectPublicKeyInfo).Refusal?.Reason);
        Assert.Equal(CasReasons.Denied, recovery.AddShare(new OpenedShare(1, Known), alice.SubjectPublicKeyInfo).Refusal?.Reason);
    }

    [Fact]
    public void A_store_that_other_code_made_is_neither_recovered_nor_opened()
    {
        var rows = new MemoryRowStore();
        using var evil = TestCas.Launch(66);
        PlantByCode(rows, evil);
        Assert.Equal(Known, NaiveRecovery(rows, new OpenedShare(1, Known)));
        Assert.Contains("have not approved this code", Refuse(rows), StringComparison.Ordinal);
        // As if the key had been handed over.
        var refused = Assert.Throws<InvalidDataException>(() => TestCas.Open(rows, key: Known));
        Assert.Contains("have not approved this code", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_genuine_log_does_not_vouch_for_another_key()
    {
        // The host encrypts everything under its own key, and keeps the genuine log.
        var rows = new MemoryRowStore(await MakeGenuineAsync());
        using var genuine = new StoreKey(new byte[32]);
        using var own = new StoreKey(Known);
        var head = JsonSerializer.Deserialize(genuine.Decrypt("head", "", rows.Copy()[("head", "")]), StoreJson.Default.StoreHead)!;
        var state = new byte[32];
        foreach (var (place, value) in rows.Copy().Where(row => VaultTransaction.Kinds.Contains(row.Key.Kind)))
        {
            var mine = own.Encrypt(place.Kind, place.Name, genuine.Decrypt(place.Kind, place.Name, value));
            rows.Set(place, mine);
            StoreReader.Mix(state, own.Digest(place.Kind, place.Name, mine));
        }
        var forged = JsonSerializer.SerializeToUtf8Bytes(head with { State = state }, StoreJson.Default.StoreHead);
        rows.Set(("head", ""), own.Encrypt("head", "", forged));
        Assert.NotNull(NaiveOpen(rows, own));
        var refused = Assert.Throws<InvalidDataException>(() => TestCas.Open(rows, key: Known));
        Assert.Contains("not the key of its log", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_the_key_cannot_become_an_owner_by_writing_rows()
    {
        // A former owner has the key of the store. It writes lines, rows and a head, but no enclave signs for it.
        var rows = new MemoryRowStore(await MakeGenuineAsync());
        using var running = TestCas.Open(rows);
        using var key = new StoreKey(new byte[32]);
        var copy = rows.Copy();
        var state = NaiveOpen(rows, key)!;
        using var evil = TestCas.Launch(66);
        foreach (var name in new[] { "owners-changed", AuditLine.Recovered, AuditLine.Started })
        {
            var forged = new MemoryRowStore(copy);
            Forge(forged, key, state, name, evil);
            Assert.NotNull(NaiveOpen(forged, key));
            Assert.Throws<InvalidDataException>(() => TestCas.Open(forged));
            foreach (var (row, value) in forged.Copy())
            {
                rows.Set(row, value);
            }
            var follows = new CasServices(running, SimulatedPlatforms.Verifier, time);
            await Assert.ThrowsAsync<InvalidDataException>(() => follows.Owners.ReadAsync());
        }
    }

    [Fact]
    public async Task A_log_that_was_cut_emptied_or_taken_from_another_cas_is_refused()
    {
        var good = await MakeGenuineAsync();
        var other = await MakeGenuineAsync();
        var lines = good.Keys.Where(row => row.Kind == "log").OrderBy(row => row.Name, StringComparer.Ordinal).ToList();
        void AssertRefused(Action<MemoryRowStore> change)
        {
            var rows = new MemoryRowStore(good);
            change(rows);
            Assert.Throws<InvalidDataException>(() => TestCas.Open(rows));
            Assert.Null(TryRecover(rows));
        }
        AssertRefused(rows => lines.ForEach(line => rows.Set(line, null)));
        AssertRefused(rows => rows.Set(lines[0], null));
        AssertRefused(rows => rows.Set(lines[1], null));
        AssertRefused(rows => rows.Set(lines[^1], null));
        AssertRefused(rows => lines.ForEach(line => rows.Set(line, other[line])));
        AssertRefused(rows => rows.Set(lines[0], other[lines[0]]));
        AssertRefused(rows => rows.Set(("recovery", ""), other[("recovery", "")]));
        AssertRefused(rows => rows.Set(("recovery", ""), null));
        Assert.NotNull(TryRecover(new MemoryRowStore(good)));
    }

    [Fact]
    public async Task A_key_is_never_used_for_a_second_log()
    {
        // The owner of the first log has the key. The host deletes the database and begins anew, with owners whom people trust.
        using var cas = new TestCas();
        var identity = cas.Vault.LogId;
        using var first = new StoreKey(cas.Vault.Key.Value);
        cas.Vault.Dispose();
        Array.ForEach(Directory.GetFiles(cas.Folder, "cas.sqlite*"), File.Delete);
        Assert.Contains("the database is empty", Assert.Throws<InvalidDataException>(() => cas.Reopen()).Message, StringComparison.Ordinal);
        // The host has the file of the interrupted first start as well.
        var file = Assert.Single(Directory.GetFiles(cas.Folder, "*.sealed"));
        File.Move(file, file + ".next");
        Array.ForEach(Directory.GetFiles(cas.Folder, "cas.sqlite*"), File.Delete);
        cas.Reopen();
        Assert.NotEqual(identity, cas.Vault.LogId);
        Assert.False(first.Commitment.SequenceEqual(cas.Vault.Key.Commitment));
        await cas.CreateAsync(TestCas.Session);
    }

    [Fact]
    public async Task A_start_or_a_recovery_that_ends_at_any_step_loses_no_key()
    {
        using var folder = new TemporaryFolder();
        var wasReached = true;
        for (var step = 0; wasReached; step++)
        {
            var rows = new MemoryRowStore(await MakeGenuineAsync()) { FailsAt = step };
            var file = new KeyFile(Directory.CreateDirectory(folder.File($"{step}")).FullName, TestCas.Cas);
            using var old = new StoreKey(new byte[32]);
            using var audit = TestCas.NewAuditKey();
            try
            {
                Rekeying.Rekey(rows, old, audit, TestCas.Rules, time, file);
            }
            catch (StoreException)
            {
                // It happened or not.
            }
            wasReached = rows.HasFailed;
            rows.FailsAt = -1;
            var key = file.Find(rows.Copy()[("head", "")]) ?? new HeldKey(new StoreKey(new byte[32]), KeyOrigin.Made);
            using var vault = Vault.Open(rows, key, TestCas.NewAuditKey(), TestCas.Rules, time, file: file);
            var services = new CasServices(vault, SimulatedPlatforms.Verifier, time);
            Assert.Equal(TestCas.Session, (await services.Sessions.ReadAsync("shop", TestCas.Alice).ValueAsync()).Text);
        }
    }

    [Fact]
    public async Task Nobody_owns_what_tenants_kept_before_the_claim()
    {
        using var cas = new TestCas(isOwned: false);
        var claim = new OwnersClaim([mallory.PublicKey], 1);
        var certificate = cas.Certificate(TestCas.Program);
        using var gramine = TestCas.GramineCertificate(TestCas.Program);
        Assert.Equal(CasReasons.Unclaimed, await ExpectReasonAsync(cas.CreateAsync(TestCas.Session)));
        Assert.Equal(CasReasons.Unclaimed, await ExpectReasonAsync(cas.UpdateAsync("shop", TestCas.Session)));
        Assert.Equal(CasReasons.Unclaimed, await ExpectReasonAsync(cas.Sessions.ReadAsync("shop", TestCas.Alice)));
        Assert.Equal(CasReasons.Unclaimed, await ExpectReasonAsync(cas.Sessions.ListAsync("shop", "", TestCas.Alice)));
        Assert.Equal(CasReasons.Unclaimed, await ExpectReasonAsync(cas.Sessions.ReadStdioKeyAsync("shop", "web", TestCas.Alice)));
        Assert.Equal(CasReasons.Unclaimed, await ExpectReasonAsync(cas.ConfigureAsync()));
        Assert.Equal(CasReasons.Unclaimed, await ExpectReasonAsync(cas.Admissions.ReadTagAsync("shop", "t", certificate)));
        var change = new TagChange("shop", "t", null, new byte[32]);
        Assert.Equal(CasReasons.Unclaimed, await ExpectReasonAsync(cas.Admissions.SetTagAsync(change, certificate)));
        var request = new ConfigurationRequest("shop", "web");
        Assert.Equal(CasReasons.Unclaimed, await ExpectReasonAsync(cas.Admissions.ProvisionAsync(request, gramine.RawData)));
        Assert.Equal(CasReasons.Unclaimed,
            await ExpectReasonAsync(cas.Owners.HandOverKeyAsync(TestCas.Certificate(TestCas.Cas, EvidenceContext.CasStarting))));

        // Naive: without the gate, as before. The tenant comes, then the stranger claims, and its share is the key.
        await cas.Vault.TryRunAsync<string>(
            transaction =>
            {
                transaction.Put("session", "shop", TestCas.Utf8("the tenant's secret"), "secret");
                transaction.Audit("session-created", "shop", "tenant");
                return "";
            },
            needsOwners: false);
        await cas.Owners.ClaimAsync(claim, mallory.SubjectPublicKeyInfo).ValueAsync();
        cas.Vault.Dispose();
        using var rows = SqliteRowStore.Open(Path.Combine(cas.Folder, "cas.sqlite"));
        using var transaction = rows.Begin();
        var description = JsonSerializer.Deserialize(transaction.Find("recovery", ""), CasJson.Default.RecoveryDescription)!;
        using var stolen = new StoreKey(KeyShare.Decrypt(description.Shares[0], mallory, description.Commitment));
        var secret = stolen.Decrypt("session", "shop", transaction.Find("session", "shop"));
        Assert.Equal(TestCas.Utf8("the tenant's secret"), secret);
    }

    // Before: any share whose hash stands in the row, and any key that opens the head.
    private static byte[]? NaiveRecovery(MemoryRowStore rows, OpenedShare share)
    {
        var description = JsonSerializer.Deserialize(rows.Copy()[("recovery", "")], CasJson.Default.RecoveryDescription)!;
        if (!description.Shares.Any(known => known.X == share.X && known.Digest.AsSpan().SequenceEqual(SHA256.HashData(share.Share))))
        {
            return null;
        }
        using var key = new StoreKey(share.Share);
        return key.Decrypt("head", "", rows.Copy()[("head", "")]) is null ? null : share.Share;
    }

    // Before: a head that the key opens, and rows whose digests are those of the head.
    private static StoreHead? NaiveOpen(MemoryRowStore rows, StoreKey key)
    {
        var copy = rows.Copy();
        if (key.Decrypt("head", "", copy[("head", "")]) is not { } plaintext)
        {
            return null;
        }
        var head = JsonSerializer.Deserialize(plaintext, StoreJson.Default.StoreHead)!;
        var state = new byte[32];
        foreach (var (row, value) in copy.Where(row => VaultTransaction.Kinds.Contains(row.Key.Kind)))
        {
            StoreReader.Mix(state, key.Digest(row.Kind, row.Name, value));
        }
        return state.AsSpan().SequenceEqual(head.State) ? head : null;
    }

    // A line of the given event that makes Mallory the owner, signed by a key of Mallory's; a start shows a quote of Mallory's code.
    private void Forge(MemoryRowStore rows, StoreKey key, StoreHead head, string name, SimulatedEnclave evil)
    {
        using var audit = TestCas.NewAuditKey(evil);
        using var transaction = rows.Begin();
        var (owners, shares) = Shares.Deal(key, [mallory.PublicKey], 1, null, null);
        var detail = key.Encrypt(
            "detail", AuditLine.NameOf(head.Sequence + 1),
            JsonSerializer.SerializeToUtf8Bytes(new AuditDetail("cas", "mallory", "", []), AuditJson.Default.AuditDetail));
        var start = new AuditStart(
            audit.Key.ExportSubjectPublicKeyInfo(), head.Sequence + 1, head.Hash, key.Commitment.ToArray(), "made");
        var payload = new AuditPayload(
            head.Sequence + 1, "2026-06-01T00:00:00Z", name, head.Hash, audit.Id,
            name == "owners-changed" ? null : audit.Introduce(start), owners, null, detail);
        var line = AuditLine.Write(payload, audit.Key);
        var next = head with { Sequence = head.Sequence + 1, Hash = AuditLine.Hash(line) };
        transaction.Put("log", AuditLine.NameOf(next.Sequence), line);
        transaction.Put("recovery", "", shares);
        transaction.Put("head", "", key.Encrypt("head", "", JsonSerializer.SerializeToUtf8Bytes(next, StoreJson.Default.StoreHead)));
        transaction.Commit();
    }

    private void PlantByCode(MemoryRowStore rows, SimulatedEnclave code)
    {
        var key = new HeldKey(new StoreKey(Known), KeyOrigin.Made);
        using var vault = Vault.Open(
            rows, key, TestCas.NewAuditKey(code), LogRules.For(code, SimulatedPlatforms.Verifier), time,
            first: new FirstOwners([mallory.PublicKey], 1));
    }

    private byte[] PlantShares()
    {
        using var key = new StoreKey(Known);
        return Shares.Deal(key, [mallory.PublicKey], 1, null, null).Row;
    }

    // A CAS with one session, owned by Alice, under a key that this test uses as if it did not know it.
    private async Task<Dictionary<(string Kind, string Name), byte[]>> MakeGenuineAsync()
    {
        var rows = new MemoryRowStore();
        using var vault = Vault.Open(
            rows, new HeldKey(new StoreKey(new byte[32]), KeyOrigin.Made), TestCas.NewAuditKey(), TestCas.Rules, time,
            first: new FirstOwners([alice.PublicKey], 1));
        var services = new CasServices(vault, SimulatedPlatforms.Verifier, time);
        await services.Sessions.CreateAsync(TestCas.Utf8(TestCas.Session), TestCas.Alice).ValueAsync();
        return rows.Copy();
    }

    private string Refuse(MemoryRowStore rows) =>
        Assert.Throws<InvalidDataException>(() => KeyRecovery.Open(rows, TestCas.Rules, time)).Message;

    // The recovery by Alice with everything that follows it; null when it is refused.
    private HeldKey? TryRecover(MemoryRowStore rows)
    {
        try
        {
            var recovery = KeyRecovery.Open(rows, TestCas.Rules, time);
            if (KeyShare.Decrypt(recovery.Description.Shares[0], alice, recovery.Description.Commitment) is not { } share
                || recovery.AddShare(new OpenedShare(1, share), alice.SubjectPublicKeyInfo).Value is not { IsDone: true })
            {
                return null;
            }
            using var audit = TestCas.NewAuditKey();
            return Rekeying.Rekey(rows, recovery.Key.Result, audit, TestCas.Rules, time, file: null);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
