using System.Text.Json;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Host;
using Guardian.Cas.Store;
using Guardian.Refusals;
using Guardian.Simulation;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Store;

/// <summary>Another CAS witnesses the log: a store that was rolled back, or that runs twice, answers nobody.</summary>
public sealed class WitnessTests : IDisposable
{
    private static readonly WitnessDescription Place = new("https://witness:8443", "watch", new string('0', 64));

    private readonly TestCas outside = new();
    private readonly IdentityKey alice = IdentityKey.Create();
    private readonly MemoryRowStore rows = new();
    private bool isAway;

    public WitnessTests() => outside.CreateAsync(
        $$"""
        name: watch
        services:
          - name: cas
            command: guardian-cas
            attestation: [{mrenclave: [{{TestCas.Cas.Identity.MrEnclave}}]}]
            platforms: [simulated]
            tags: [log]

        """).GetAwaiter().GetResult();

    public void Dispose()
    {
        outside.Dispose();
        alice.Dispose();
        rows.Dispose();
    }

    [Fact]
    public async Task A_witnessed_CAS_works_over_restarts()
    {
        for (var life = 0; life < 3; life++)
        {
            using var vault = Open(rows);
            if (life == 0)
            {
                Assert.Equal(Place, (await ClaimAsync(vault)).Witness);
            }
            await CreateAsync(vault, $"life{life}");
            Assert.Equal($"life{life}", await NameAsync(vault, $"life{life}"));
            Assert.Equal("life0", await NameAsync(vault, "life0"));
            Assert.Equal(Place, (await Services(vault).Owners.ReadAsync().ValueAsync()).Witness);
        }
    }

    [Fact]
    public async Task A_store_that_was_rolled_back_answers_nobody_and_explains_why()
    {
        Dictionary<(string, string), byte[]> before;
        using (var vault = Open(rows))
        {
            await ClaimAsync(vault);
            before = rows.Copy();
            await CreateAsync(vault, "later");
        }
        using var back = Open(new MemoryRowStore(before));
        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => CreateAsync(back, "new"));
        Assert.Contains("was rolled back", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidDataException>(() => NameAsync(back, "later"));
        await Assert.ThrowsAsync<InvalidDataException>(() => Services(back).Audit.ReadAsync("0", alice.SubjectPublicKeyInfo).ValueAsync());
        using var newest = Open(rows);
        await CreateAsync(newest, "goes-on");
    }

    [Fact]
    public async Task Only_one_of_two_running_copies_continues()
    {
        using var one = Open(rows);
        await ClaimAsync(one);
        using var copy = Open(new MemoryRowStore(rows.Copy()));
        await CreateAsync(copy, "first");
        await Assert.ThrowsAsync<InvalidDataException>(() => CreateAsync(one, "second"));
        // A read is refused too.
        await Assert.ThrowsAsync<InvalidDataException>(() => NameAsync(one, "first"));
        Assert.Equal("first", await NameAsync(copy, "first"));
    }

    [Fact]
    public async Task Replicas_of_one_store_work_together()
    {
        using var one = Open(rows);
        using var two = Open(rows);
        await ClaimAsync(one);
        for (var i = 0; i < 5; i++)
        {
            await CreateAsync(i % 2 == 0 ? two : one, $"s{i}");
            Assert.Equal($"s{i}", await NameAsync(i % 2 == 0 ? one : two, $"s{i}"));
        }
        using var third = Open(rows);
        Assert.Equal("s4", await NameAsync(third, "s4"));
    }

    [Fact]
    public async Task While_the_witness_is_silent_nothing_is_acknowledged_and_nothing_is_lost()
    {
        using var vault = Open(rows);
        await ClaimAsync(vault);
        await CreateAsync(vault, "kept");
        isAway = true;
        await Assert.ThrowsAsync<StoreException>(() => CreateAsync(vault, "in-doubt"));
        await Assert.ThrowsAsync<StoreException>(() => NameAsync(vault, "kept"));
        Assert.Equal(Place, (await Services(vault).Owners.ReadAsync().ValueAsync()).Witness);
        isAway = false;
        Assert.Equal("kept", await NameAsync(vault, "kept"));
        await CreateAsync(vault, "after");
    }

    [Fact]
    public async Task Owners_can_leave_a_lost_witness_and_choose_another()
    {
        using var vault = Open(rows);
        var claimed = await ClaimAsync(vault);
        isAway = true;
        await Assert.ThrowsAsync<StoreException>(() => ChangeAsync(vault, claimed.Hash, Place));
        var alone = await ChangeAsync(vault, claimed.Hash, null);
        Assert.Null(alone.Witness);
        await CreateAsync(vault, "alone");
        isAway = false;
        Assert.Equal(Place, (await ChangeAsync(vault, alone.Hash, Place)).Witness);
        await CreateAsync(vault, "again");
        var log = await Services(vault).Audit.ReadAsync("0", alice.SubjectPublicKeyInfo).ValueAsync();
        const string Text = "witnessed by watch at https://witness:8443";
        Assert.Contains(log.Details, detail => detail?.Text.Contains(Text, StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task A_witness_must_be_valid_and_serve_no_other_log()
    {
        using var vault = Open(rows);
        WitnessDescription[] wrong =
        [
            Place with { Address = "http://witness:8443" }, Place with { Address = "witness" },
            Place with { Address = "https://witness/path" },
            Place with { Session = "wa tch" }, Place with { Session = "absent" }, Place with { Identity = "" },
            Place with { Identity = new string('A', 64) },
        ];
        foreach (var place in wrong)
        {
            Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(ClaimAsync(vault, place)));
        }
        await ClaimAsync(vault);
        using var other = Open(new MemoryRowStore());
        Assert.Equal(CasReasons.Conflict, await ExpectReasonAsync(ClaimAsync(other)));
        // The refused claim changed nothing.
        Assert.Empty((await Services(other).Owners.ReadAsync().ValueAsync()).Keys);
        Assert.Null((await ClaimAsync(other, null)).Witness);
    }

    [Fact]
    public async Task A_CAS_continues_after_its_database_fails_at_any_step()
    {
        var wasReached = true;
        for (var step = 0; wasReached; step++)
        {
            var own = new MemoryRowStore();
            using var witness = new TestCas();
            await witness.CreateAsync((await outside.Sessions.ReadAsync("watch", TestCas.Alice).ValueAsync()).Text);
            using (var vault = Open(own, witness))
            {
                await ClaimAsync(vault);
                own.FailNext(step);
                try
                {
                    await CreateAsync(vault, "one");
                }
                catch (StoreException)
                {
                    // It happened or not.
                }
                wasReached = own.HasFailed;
                own.FailsAt = -1;
                await CreateAsync(vault, "two");
            }
            using var again = Open(own, witness);
            Assert.Equal("two", await NameAsync(again, "two"));
        }
    }

    private Vault Open(MemoryRowStore store, TestCas? witness = null) =>
        TestCas.Open(store, isOwned: false, place => new InProcess(witness ?? outside, place, () => isAway));

    private static CasServices Services(Vault vault) => new(vault, SimulatedPlatforms.Verifier, new TestTime());

    private static Task<SessionDescription> CreateAsync(Vault vault, string name)
    {
        var session = TestCas.Session.Replace("name: shop", $"name: {name}", StringComparison.Ordinal);
        return Services(vault).Sessions.CreateAsync(TestCas.Utf8(session), TestCas.Alice).ValueAsync();
    }

    private static async Task<string> NameAsync(Vault vault, string name) =>
        (await Services(vault).Sessions.ReadAsync(name, TestCas.Alice).ValueAsync()).Name;

    private Task<OwnersDescription> ClaimAsync(Vault vault) => ClaimAsync(vault, Place);

    private Task<OwnersDescription> ClaimAsync(Vault vault, WitnessDescription? witness) =>
        Services(vault).Owners.ClaimAsync(new OwnersClaim([alice.PublicKey], 1, witness), alice.SubjectPublicKeyInfo).ValueAsync();

    private Task<OwnersDescription> ChangeAsync(Vault vault, string? predecessor, WitnessDescription? witness)
    {
        var change = new OwnersChange(predecessor!, [alice.PublicKey], 1, witness);
        return Services(vault).Owners.ChangeAsync(change.ToBytes(), change, alice.SubjectPublicKeyInfo, []).ValueAsync();
    }

    /// <summary>A witness that is called without a network.</summary>
    private sealed class InProcess(TestCas cas, WitnessDescription place, Func<bool> isAway) : IWitness
    {
        private readonly byte[] certificate = TestCas.Certificate(
            TestCas.Cas, EvidenceContext.CasWitnessed(Convert.FromHexString(cas.Vault.LogId), place.Session));

        public byte[]? ReadMark() => Call(() => cas.Admissions.ReadTagAsync(place.Session, CasWitness.Tag, certificate)).Tag;

        public TagOutcome MoveMark(byte[]? expected, byte[] next) =>
            Call(() => cas.Admissions.SetTagAsync(new TagChange(place.Session, CasWitness.Tag, expected, next), certificate));

        public void Dispose()
        {
        }

        private T Call<T>(Func<Task<Outcome<T>>> call) where T : class
        {
            if (isAway())
            {
                throw new StoreException("the test made the witness unreachable");
            }
            var (value, refusal) = call().GetAwaiter().GetResult();
            return value ?? throw new StoreException(refusal!.Detail);
        }
    }
}
