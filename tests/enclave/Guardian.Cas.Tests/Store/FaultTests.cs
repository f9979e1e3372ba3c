using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Host;
using Guardian.Cas.Store;
using Guardian.Refusals;
using Guardian.Simulation;

namespace Guardian.Cas.Tests.Store;

/// <summary>Each call to the database fails once. Acknowledged changes survive, and changes by the host are detected.</summary>
public sealed class FaultTests
{
    private static readonly string Session = TestCas.Session.Replace(
        "    platforms:", "    tags: [t]\n    platforms:", StringComparison.Ordinal);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_database_that_fails_at_any_step_loses_nothing_that_was_acknowledged(bool staysDead)
    {
        var web = new ConfigurationRequest("shop", "web");
        var wasReached = true;
        for (var step = 0; wasReached; step++)
        {
            var rows = new MemoryRowStore { FailsAt = step, StaysDead = staysDead };
            var (text, tag) = (new Possible<string?>(null), new Possible<byte>(0));
            byte[]? certificate = null;
            try
            {
                using var vault = Open(rows);
                var services = Services(vault);
                certificate = Certificate(vault);
                await TryAsync(() => services.Sessions.CreateAsync(TestCas.Utf8(Session), TestCas.Alice).ValueAsync(), text, Session);
                for (byte i = 1; i <= 3; i++)
                {
                    var next = i;
                    await TryAsync(() => MoveAsync(services, certificate, tag.Sure, next), tag, next);
                    await TryAsync(() => services.Admissions.ConfigureAsync(web, certificate).ValueAsync(), new Possible<int>(0), 0);
                }
                await TryAsync(() => services.Sessions.UpdateAsync("shop", TestCas.Utf8(Next()), TestCas.Alice).ValueAsync(), text, Next());
            }
            catch (StoreException)
            {
                // It failed at the start. The next start succeeds.
            }
            wasReached = rows.HasFailed;
            (rows.FailsAt, rows.StaysDead) = (-1, false);
            using var again = Open(rows);
            var after = Services(again);
            Assert.Contains(await ReadTextAsync(after), text.All);
            if (text.Sure is not null)
            {
                Assert.Contains((await after.Admissions.ReadTagAsync("shop", "t", certificate).ValueAsync()).Tag?[0] ?? 0, tag.All);
            }
        }
    }

    [Fact]
    public async Task Every_byte_that_is_flipped_cut_off_swapped_or_rolled_back_is_detected_at_the_next_start()
    {
        var rows = new MemoryRowStore();
        using (var vault = Open(rows))
        {
            var services = Services(vault);
            await services.Sessions.CreateAsync(TestCas.Utf8(Session), TestCas.Alice).ValueAsync();
            var other = Session.Replace("name: shop", "name: other", StringComparison.Ordinal);
            await services.Sessions.CreateAsync(TestCas.Utf8(other), TestCas.Alice).ValueAsync();
            await MoveAsync(services, Certificate(vault), 0, 1);
        }
        var before = rows.Copy();
        using (var vault = Open(rows))
        {
            var services = Services(vault);
            await MoveAsync(services, Certificate(vault), 1, 2);
            await services.Sessions.UpdateAsync("shop", TestCas.Utf8(Next()), TestCas.Alice).ValueAsync();
        }
        var good = rows.Copy();
        var places = good.Keys.Where(row => row.Kind != "log").ToList();
        // Head and shares, two sessions, a tag, their creator, and a former text with its list.
        Assert.Equal(8, places.Count);
        foreach (var place in places)
        {
            for (var i = 0; i < good[place].Length; i++)
            {
                AssertRefused(place, [.. good[place].Select((value, index) => index == i ? (byte)(value ^ 1) : value)]);
            }
            AssertRefused(place, good[place][..^1]);
            AssertRefused(place, [.. good[place], 0]);
            AssertRefused(place, null);
            foreach (var other in places.Where(other => other != place))
            {
                AssertRefused(place, good[other]);
            }
            if (before.GetValueOrDefault(place) is { } old && !old.AsSpan().SequenceEqual(good[place]))
            {
                AssertRefused(place, old);
            }
        }

        void AssertRefused((string, string) place, byte[]? value)
        {
            var changed = new MemoryRowStore(good);
            changed.Set(place, value);
            Assert.Throws<InvalidDataException>(() => Open(changed).Dispose());
        }
    }

    [Fact]
    public async Task A_replica_refuses_a_store_that_was_rolled_back_behind_its_latest_read()
    {
        var rows = new MemoryRowStore();
        using var one = Open(rows);
        using var other = Open(rows);
        await Services(one).Sessions.CreateAsync(TestCas.Utf8(Session), TestCas.Alice).ValueAsync();
        var before = rows.Copy();
        await Services(other).Sessions.UpdateAsync("shop", TestCas.Utf8(Next()), TestCas.Alice).ValueAsync();
        Assert.Equal(Next(), await ReadTextAsync(Services(one)));
        foreach (var (row, value) in before)
        {
            rows.Set(row, value);
        }
        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => ReadTextAsync(Services(one)));
        Assert.Contains("rolled back", refused.Message, StringComparison.Ordinal);
        rows.Set(("head", ""), []);
        await Assert.ThrowsAsync<InvalidDataException>(() => ReadTextAsync(Services(one)));
    }

    // One store key for all. Sealing one for each of thousands of starts would only take time.
    private static Vault Open(MemoryRowStore rows) => TestCas.Open(rows);

    private static byte[] Certificate(Vault vault) => TestCas.Certificate(TestCas.Program, TestCas.Start(vault.LogId));

    private static CasServices Services(Vault vault) => new(vault, SimulatedPlatforms.Verifier, new TestTime());

    private static async Task TryAsync<T>(Func<Task> work, Possible<T> state, T next)
    {
        try
        {
            await work();
            state.Become(next);
        }
        catch (StoreException)
        {
            state.MayBecome(next);
        }
        catch (RefusedException)
        {
            // Refused, because an earlier step did not happen.
        }
    }

    private static async Task MoveAsync(CasServices services, byte[] certificate, byte from, byte next)
    {
        var change = new TagChange("shop", "t", from == 0 ? null : Tag(from), Tag(next));
        if (!(await services.Admissions.SetTagAsync(change, certificate).ValueAsync()).Moved)
        {
            throw new RefusedException(CasReasons.Conflict.Because("a move in doubt had happened"));
        }
    }

    private static async Task<string?> ReadTextAsync(CasServices services)
    {
        var (session, refusal) = await services.Sessions.ReadAsync("shop", TestCas.Alice);
        Assert.True(refusal is null || refusal.Reason == CasReasons.NotFound, refusal?.Detail);
        return session?.Text;
    }

    private static string Next() => $"predecessor: {TestCas.Hash(Session)}\n{Session}";

    private static byte[] Tag(byte value) => [.. Enumerable.Repeat(value, 32)];

    /// <summary>A value that is certain, and values that it may have after calls without an answer.</summary>
    private sealed class Possible<T>(T value)
    {
        private readonly List<T> doubtful = [];

        public T Sure { get; private set; } = value;

        public IEnumerable<T> All => doubtful.Prepend(Sure);

        public void Become(T next)
        {
            Sure = next;
            doubtful.Clear();
        }

        public void MayBecome(T next) => doubtful.Add(next);
    }
}
