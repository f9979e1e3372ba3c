using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Store;

namespace Guardian.Cas.Tests.Store;

/// <summary>Each call to the database fails once, in every place; what was acknowledged is there afterwards, and what the host changes is noticed.</summary>
public sealed class FaultTests
{
    private static readonly string Session = TestCas.Session.Replace("    platforms:", "    tags: [t]\n    platforms:", StringComparison.Ordinal);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_database_that_fails_at_any_step_loses_nothing_that_was_acknowledged(bool staysDead)
    {
        var certificate = TestCas.Certificate(TestCas.Program);
        var wasReached = true;
        for (var step = 0; wasReached; step++)
        {
            var rows = new MemoryRowStore { FailsAt = step, StaysDead = staysDead };
            var (text, tag) = (new Possible<string?>(null), new Possible<byte>(0));
            try
            {
                using var vault = Open(rows);
                var service = new CasService(vault, null, new TestTime());
                await TryAsync(() => service.CreateAsync(TestCas.Utf8(Session), TestCas.Alice), text, Session);
                for (byte i = 1; i <= 3; i++)
                {
                    var next = i;
                    await TryAsync(() => MoveAsync(service, certificate, tag.Sure, next), tag, next);
                    await TryAsync(() => service.ConfigureAsync(new ConfigurationRequest("shop", "web"), certificate), new Possible<int>(0), 0);
                }
                await TryAsync(() => service.UpdateAsync("shop", TestCas.Utf8(Next()), TestCas.Alice), text, Next());
            }
            catch (StoreException)
            {
                // It failed at the start; the next start goes on.
            }
            wasReached = rows.HasFailed;
            (rows.FailsAt, rows.StaysDead) = (-1, false);
            using var again = Open(rows);
            var after = new CasService(again, null, new TestTime());
            Assert.Contains(await TextAsync(after), text.All);
            if (text.Sure is not null)
            {
                Assert.Contains((await after.ReadTagAsync("shop", "t", certificate)).Tag?[0] ?? 0, tag.All);
            }
        }
    }

    [Fact]
    public async Task Every_byte_that_is_flipped_cut_off_swapped_or_put_back_is_noticed_at_the_next_start()
    {
        var rows = new MemoryRowStore();
        using (var vault = Open(rows))
        {
            var service = new CasService(vault, null, new TestTime());
            await service.CreateAsync(TestCas.Utf8(Session), TestCas.Alice);
            await service.CreateAsync(TestCas.Utf8(Session.Replace("name: shop", "name: other", StringComparison.Ordinal)), TestCas.Alice);
            await service.SetTagAsync(new TagChange("shop", "t", null, Tag(1)), TestCas.Certificate(TestCas.Program));
        }
        var before = rows.Copy();
        using (var vault = Open(rows))
        {
            var service = new CasService(vault, null, new TestTime());
            await service.SetTagAsync(new TagChange("shop", "t", Tag(1), Tag(2)), TestCas.Certificate(TestCas.Program));
            await service.UpdateAsync("shop", TestCas.Utf8(Next()), TestCas.Alice);
        }
        var good = rows.Copy();
        var places = good.Keys.Where(row => row.Kind != "log").ToList();
        Assert.Equal(4, places.Count);
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
            if (!before[place].AsSpan().SequenceEqual(good[place]))
            {
                AssertRefused(place, before[place]);
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
    public async Task A_store_put_back_to_what_a_replica_wrote_itself_is_refused_once_it_knew_more()
    {
        var rows = new MemoryRowStore();
        using var one = Open(rows);
        using var other = Open(rows);
        await new CasService(one, null, new TestTime()).CreateAsync(TestCas.Utf8(Session), TestCas.Alice);
        var before = rows.Copy();
        await new CasService(other, null, new TestTime()).UpdateAsync("shop", TestCas.Utf8(Next()), TestCas.Alice);
        Assert.Equal(Next(), await TextAsync(new CasService(one, null, new TestTime())));
        foreach (var (row, value) in before)
        {
            rows.Set(row, value);
        }
        Assert.Contains("rolled back", (await Assert.ThrowsAsync<InvalidDataException>(() => TextAsync(new CasService(one, null, new TestTime())))).Message, StringComparison.Ordinal);
        rows.Set(("head", ""), []);
        await Assert.ThrowsAsync<InvalidDataException>(() => TextAsync(new CasService(one, null, new TestTime())));
    }

    // One key for all: a quote for each of thousands of starts would only take time.
    private static Vault Open(MemoryRowStore rows) => Vault.Open(rows, new StoreKey(new byte[32]), TestCas.NewAuditKey(), new TestTime());

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
        catch (CasException)
        {
            // Refused, because something before it was not done.
        }
    }

    private static async Task MoveAsync(CasService service, byte[] certificate, byte from, byte next)
    {
        if (!(await service.SetTagAsync(new TagChange("shop", "t", from == 0 ? null : Tag(from), Tag(next)), certificate)).Moved)
        {
            throw new CasException(CasFailure.Conflict, "a move in doubt had happened", []);
        }
    }

    private static async Task<string?> TextAsync(CasService service)
    {
        try
        {
            return (await service.ReadAsync("shop", TestCas.Alice)).Text;
        }
        catch (CasException absent) when (absent.Failure == CasFailure.NotFound)
        {
            return null;
        }
    }

    private static string Next() => $"predecessor: {TestCas.Hash(Session)}\n{Session}";

    private static byte[] Tag(byte value) => [.. Enumerable.Repeat(value, 32)];

    /// <summary>What something is for sure, and what it may have become by calls that were not answered.</summary>
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
