using System.Text.Json;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Store;

namespace Guardian.Cas.Tests.Store;

/// <summary>A CAS whose log another CAS witnesses: a store that was put back, or that runs twice, does nothing.</summary>
public sealed class WitnessTests : IDisposable
{
    private static readonly WitnessDescription Place = new("https://witness:8443", "watch");

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
    public async Task Everything_goes_on_over_restarts_as_without_a_witness()
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
            Assert.Equal(Place, (await Service(vault).ReadOwnersAsync()).Witness);
        }
    }

    [Fact]
    public async Task A_store_that_was_put_back_does_nothing_and_says_why()
    {
        Dictionary<(string, string), byte[]> before;
        using (var vault = Open(rows))
        {
            await ClaimAsync(vault);
            before = rows.Copy();
            await CreateAsync(vault, "later");
        }
        using var back = Open(new MemoryRowStore(before));
        Assert.Contains("put back to an earlier state", (await Assert.ThrowsAsync<InvalidDataException>(() => CreateAsync(back, "new"))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidDataException>(() => NameAsync(back, "later"));
        await Assert.ThrowsAsync<InvalidDataException>(() => Service(back).ReadAuditAsync("0", alice.SubjectPublicKeyInfo));
        using var newest = Open(rows);
        await CreateAsync(newest, "goes-on");
    }

    [Fact]
    public async Task Of_two_copies_that_run_one_goes_on()
    {
        using var one = Open(rows);
        await ClaimAsync(one);
        using var copy = Open(new MemoryRowStore(rows.Copy()));
        await CreateAsync(copy, "first");
        await Assert.ThrowsAsync<InvalidDataException>(() => CreateAsync(one, "second"));
        // A reading is an answer as well.
        await Assert.ThrowsAsync<InvalidDataException>(() => NameAsync(one, "first"));
        Assert.Equal("first", await NameAsync(copy, "first"));
    }

    [Fact]
    public async Task Replicas_of_one_store_go_on_together()
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
        Assert.Equal(Place, (await Service(vault).ReadOwnersAsync()).Witness);
        isAway = false;
        Assert.Equal("kept", await NameAsync(vault, "kept"));
        await CreateAsync(vault, "after");
    }

    [Fact]
    public async Task Owners_part_from_a_witness_that_is_gone_and_find_another()
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
        Assert.Contains(
            (await Service(vault).ReadAuditAsync("0", alice.SubjectPublicKeyInfo)).Details, detail => detail?.Text.Contains("witnessed by watch at https://witness:8443", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task A_witness_must_be_one_and_of_no_other_log()
    {
        using var vault = Open(rows);
        foreach (var place in new[] { new WitnessDescription("http://witness:8443", "watch"), new("witness", "watch"), new("https://witness/path", "watch"), new("https://witness", "wa tch"), Place with { Session = "absent" } })
        {
            Assert.Equal(CasFailure.Invalid, await RefusalAsync(ClaimAsync(vault, place)));
        }
        await ClaimAsync(vault);
        using var other = Open(new MemoryRowStore());
        Assert.Equal(CasFailure.Conflict, await RefusalAsync(ClaimAsync(other)));
        // What was refused left nothing behind.
        Assert.Empty((await Service(other).ReadOwnersAsync()).Keys);
        Assert.Null((await ClaimAsync(other, null)).Witness);
    }

    [Fact]
    public async Task A_database_or_witness_that_fails_at_any_step_stops_nothing_for_good()
    {
        var wasReached = true;
        for (var step = 0; wasReached; step++)
        {
            var own = new MemoryRowStore();
            using var witness = new TestCas();
            await witness.CreateAsync((await outside.Service.ReadAsync("watch", TestCas.Alice)).Text);
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
                    // Done or not.
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
        Vault.Open(store, new StoreKey(new byte[32]), TestCas.NewAuditKey(), new TestTime(), place => new InProcess(witness ?? outside, place, () => isAway));

    private static CasService Service(Vault vault) => new(vault, null, new TestTime());

    private static Task<SessionDescription> CreateAsync(Vault vault, string name) =>
        Service(vault).CreateAsync(TestCas.Utf8(TestCas.Session.Replace("name: shop", $"name: {name}", StringComparison.Ordinal)), TestCas.Alice);

    private static async Task<string> NameAsync(Vault vault, string name) => (await Service(vault).ReadAsync(name, TestCas.Alice)).Name;

    private static async Task<CasFailure> RefusalAsync(Task work) => (await Assert.ThrowsAsync<CasException>(() => work)).Failure;

    private Task<OwnersDescription> ClaimAsync(Vault vault) => ClaimAsync(vault, Place);

    private Task<OwnersDescription> ClaimAsync(Vault vault, WitnessDescription? witness) =>
        Service(vault).ClaimAsync(new OwnersClaim([alice.PublicKey], 1, witness), alice.SubjectPublicKeyInfo);

    private Task<OwnersDescription> ChangeAsync(Vault vault, string? predecessor, WitnessDescription? witness)
    {
        var change = new OwnersChange(predecessor!, [alice.PublicKey], 1, witness);
        return Service(vault).ChangeOwnersAsync(JsonSerializer.SerializeToUtf8Bytes(change, CasJson.Default.OwnersChange), change, alice.SubjectPublicKeyInfo, []);
    }

    /// <summary>A witness without the network between.</summary>
    private sealed class InProcess(TestCas cas, WitnessDescription place, Func<bool> isAway) : IWitness
    {
        private readonly byte[] certificate = TestCas.Certificate(TestCas.Cas);

        public byte[]? Read() => Ask(() => cas.Service.ReadTagAsync(place.Session, CasWitness.Tag, certificate)).Tag;

        public TagOutcome Move(byte[]? expected, byte[] next) => Ask(() => cas.Service.SetTagAsync(new TagChange(place.Session, CasWitness.Tag, expected, next), certificate));

        public void Dispose()
        {
        }

        private T Ask<T>(Func<Task<T>> call)
        {
            try
            {
                return isAway() ? throw new StoreException("as the test wants it") : call().GetAwaiter().GetResult();
            }
            catch (CasException failure)
            {
                throw new StoreException(failure.Message, failure);
            }
        }
    }
}
