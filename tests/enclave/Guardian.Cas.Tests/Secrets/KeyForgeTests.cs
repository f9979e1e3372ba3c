using System.Net;
using Guardian.Cas.Callers;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Secrets;

namespace Guardian.Cas.Tests.Secrets;

/// <summary>Slow keys are drawn in fair turns, and not for callers who have gone.</summary>
public sealed class KeyForgeTests
{
    private static readonly IPAddress Greedy = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Other = IPAddress.Parse("192.0.2.2");

    [Fact]
    public async Task A_caller_waits_for_other_callers_and_not_for_all_their_keys()
    {
        var flood = Enumerable.Repeat(("greedy", Greedy), 32).ToList();
        Assert.Equal(33, await InOrderOfArrivalAsync(flood, ("modest", Greedy)));
        Assert.InRange(await InTurnsAsync(flood, ("modest", Greedy)), 1, 3);
    }

    [Fact]
    public async Task Many_keys_of_one_address_have_one_turn_together()
    {
        var flood = Enumerable.Range(0, 32).Select(i => ($"key{i}", Greedy)).ToList();
        Assert.Equal(33, await InOrderOfArrivalAsync(flood, ("modest", Other)));
        Assert.InRange(await InTurnsAsync(flood, ("modest", Other)), 1, 3);
    }

    [Fact]
    public async Task Callers_who_have_gone_get_no_key()
    {
        using var gate = new ManualResetEventSlim();
        var forge = new CountingForge { Before = _ => gate.Wait() };
        using var leaving = new CancellationTokenSource();
        var first = forge.Forge.DrawAsync(KeyType.Rsa3072, "one", default);
        var gone = Enumerable.Range(0, 16)
            .Select(_ => forge.Forge.DrawAsync(KeyType.Rsa3072, "two", new CallSource(Greedy, leaving.Token))).ToList();
        await leaving.CancelAsync();
        foreach (var each in gone)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => each);
        }
        gate.Set();
        await first;
        await forge.Forge.DrawAsync(KeyType.Rsa2048, "two", default);
        Assert.Equal(2, forge.Drawn);
        Assert.Equal((2, 0), forge.Forge.Measure());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => forge.Forge.DrawAsync(KeyType.P256, "two", new CallSource(null, leaving.Token)));
        Assert.Equal(2, forge.Drawn);
    }

    [Fact]
    public async Task Fast_keys_do_not_wait()
    {
        using var gate = new ManualResetEventSlim();
        var forge = new CountingForge { Before = type => _ = KeyWork.IsSlow(type) && gate.Wait(Timeout.Infinite) };
        var slow = forge.Forge.DrawAsync(KeyType.Rsa3072, "one", default);
        foreach (var type in new[] { KeyType.P256, KeyType.Ed25519 })
        {
            Assert.True(forge.Forge.DrawAsync(type, "one", default).IsCompletedSuccessfully);
        }
        gate.Set();
        await slow;
    }

    private static async Task<int> InTurnsAsync(
        IReadOnlyList<(string Caller, IPAddress Address)> greedy, (string Caller, IPAddress Address) modest)
    {
        using var gate = new ManualResetEventSlim();
        var forge = new CountingForge { Before = _ => gate.Wait() };
        var flood = greedy.Select(each => forge.Forge.DrawAsync(KeyType.Rsa3072, each.Caller, new CallSource(each.Address, default)))
            .ToList();
        var place = 0;
        var last = forge.Forge.RunAsync(() => place = forge.Drawn + 1, modest.Caller, new CallSource(modest.Address, default));
        gate.Set();
        await last;
        await Task.WhenAll(flood);
        return place;
    }

    // The obvious pool: the work is done in the order in which it arrives.
    private static Task<int> InOrderOfArrivalAsync(
        IReadOnlyList<(string Caller, IPAddress Address)> greedy, (string Caller, IPAddress Address) modest)
    {
        var queue = new Queue<(string Caller, IPAddress Address)>([.. greedy, modest]);
        var place = 1;
        for (; queue.Dequeue() != modest; place++)
        {
        }
        return Task.FromResult(place);
    }
}
