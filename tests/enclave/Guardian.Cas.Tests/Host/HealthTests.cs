using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Host;
using Guardian.Cas.Store;
using Guardian.Cas.Tests.Store;
using Guardian.Simulation;

namespace Guardian.Cas.Tests.Host;

/// <summary>The readiness says why a CAS does not serve. A naive one says "ok" in every case, while the process lives.</summary>
public sealed class HealthTests
{
    private static readonly WitnessDescription Place = new("https://witness:8443", "watch", new string('0', 64));

    [Fact]
    [Trait("Takes", "long")]
    public async Task A_cas_is_ready_only_while_its_store_can_be_read_and_written_and_is_as_it_was()
    {
        var rows = new MemoryRowStore();
        using var vault = TestCas.Open(rows);
        await using var watch = new StoreWatch(vault, _ => { });
        var metrics = new CasMetrics(vault, watch.Read);
        await WaitAsync(watch, "ready");
        Assert.Contains("guardian_cas_ready 1\n", metrics.Write(), StringComparison.Ordinal);

        rows.StaysDead = true;
        rows.FailNext(0);
        await WaitAsync(watch, "store-unreachable");
        Assert.Contains("guardian_cas_ready{reason=\"store-unreachable\"} 0\n", metrics.Write(), StringComparison.Ordinal);
        rows.FailsAt = -1;
        await WaitAsync(watch, "ready");

        rows.FailsWrites = true;
        await WaitAsync(watch, "store-not-writable");
        rows.FailsWrites = false;
        await WaitAsync(watch, "ready");

        var shares = rows.Copy()[("recovery", "")];
        rows.Set(("recovery", ""), null);
        await WaitAsync(watch, "damaged");
        Assert.Contains("guardian_cas_store_intact 0\n", metrics.Write(), StringComparison.Ordinal);
        rows.Set(("recovery", ""), shares);
        await WaitAsync(watch, "ready");
        Assert.Contains("guardian_cas_store_intact 1\n", metrics.Write(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cas_that_nobody_owns_is_not_ready()
    {
        using var vault = TestCas.Open(new MemoryRowStore(), isOwned: false);
        await using var watch = new StoreWatch(vault, _ => { });
        await WaitAsync(watch, "unclaimed");
    }

    [Fact]
    [Trait("Takes", "long")]
    public async Task A_cas_whose_witness_is_silent_is_not_ready()
    {
        using var alice = IdentityKey.Create();
        using var witness = new MemoryWitness();
        using var vault = TestCas.Open(new MemoryRowStore(), isOwned: false, _ => witness);
        await new CasServices(vault, SimulatedPlatforms.Verifier, new TestTime()).Owners.ClaimAsync(
            new OwnersClaim([alice.PublicKey], 1, Place), alice.SubjectPublicKeyInfo).ValueAsync();
        await using var watch = new StoreWatch(vault, _ => { });
        await WaitAsync(watch, "ready");
        Assert.Contains("guardian_cas_witness_confirmed_seconds ", new CasMetrics(vault, watch.Read).Write(), StringComparison.Ordinal);
        witness.IsAway = true;
        await WaitAsync(watch, "witness-silent");
        witness.IsAway = false;
        await WaitAsync(watch, "ready");
    }

    [Fact]
    [Trait("Takes", "long")]
    public async Task The_operator_is_told_what_is_wrong_once()
    {
        var rows = new MemoryRowStore();
        using var vault = TestCas.Open(rows);
        var told = new List<string>();
        await using (var watch = new StoreWatch(vault, told.Add))
        {
            await WaitAsync(watch, "ready");
            rows.Set(("log", "0000000000000001"), null);
            await WaitAsync(watch, "damaged");
            await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        }
        Assert.Equal("not ready: damaged: entry 1 is missing; the log has 1 entries", Assert.Single(told));
    }

    private static async Task WaitAsync(StoreWatch watch, string word)
    {
        while (watch.Read() != word)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private sealed class MemoryWitness : IWitness
    {
        private byte[]? mark;

        public bool IsAway { get; set; }

        public byte[]? ReadMark() => IsAway ? throw new StoreException("the test made the witness unreachable") : mark;

        public TagOutcome MoveMark(byte[]? expected, byte[] next)
        {
            var found = ReadMark();
            var isMoved = found is null ? expected is null : found.AsSpan().SequenceEqual(expected);
            mark = isMoved ? next : found;
            return new TagOutcome(isMoved, mark);
        }

        public void Dispose()
        {
        }
    }
}
