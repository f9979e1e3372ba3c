using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using Guardian.Cas.Callers;
using Guardian.Cas.Client.Sessions;
using Guardian.Hosting;

namespace Guardian.Cas.Secrets;

/// <summary>
/// Does slow work with keys on one or two threads of its own, in fair turns: first between addresses, then between the keys of one
/// address. Thread-safe.
/// </summary>
/// <remarks>A turn is one key, so the wait of a caller depends on the number of other callers and not on how much they asked for.</remarks>
internal sealed partial class KeyForge
{
    // The weight of a tenth: enough to end, and too little to delay calls on a machine with few processors.
    private const int Niceness = 10;

    // A thread that does not yield works a quarter of the time.
    private const int RestsForWork = 3;

    private readonly int maxThreads;
    private readonly bool yields;
    private readonly Func<KeyType, byte[]> draw;
    private readonly Lock gate = new();
    private readonly Round<IPAddress, Round<string, Queue<Turn>>> waiting = new();
    private int threads;
    private long drawn;
    private int length;

    /// <param name="draw">Draws a key, PKCS#8; null is <see cref="KeyPair.Create"/>.</param>
    /// <param name="threads">The threads; null leaves at least half of the processors to calls.</param>
    /// <param name="yields">
    /// Whether its threads yield to all others of the machine. Only for work in native code: the collection of garbage waits for a thread
    /// in managed code, and would wait long for one that yields. A thread that does not yield rests after each turn instead.
    /// </param>
    public KeyForge(Func<KeyType, byte[]>? draw = null, int? threads = null, bool yields = true) =>
        (this.draw, maxThreads, this.yields) = (draw ?? KeyPair.Create, threads ?? (Environment.ProcessorCount < 4 ? 1 : 2), yields);

    /// <summary>Counts the keys that were drawn, and the turns that wait.</summary>
    public (long Drawn, int Waiting) Measure() => (Interlocked.Read(ref drawn), Volatile.Read(ref length));

    /// <summary>Draws a key: a fast one at once, a slow one in its turn.</summary>
    /// <param name="caller">The hash of the person's key for which it is.</param>
    /// <exception cref="OperationCanceledException">The caller has gone, and no key was drawn.</exception>
    public Task<byte[]> DrawAsync(KeyType type, string caller, CallSource source)
    {
        byte[] Draw()
        {
            Interlocked.Increment(ref drawn);
            return draw(type);
        }
        source.Cancellation.ThrowIfCancellationRequested();
        return KeyWork.IsSlow(type) ? RunAsync(Draw, caller, source) : Task.FromResult(Draw());
    }

    /// <summary>Does slow work in its turn.</summary>
    /// <param name="caller">The hash of the person's key for which it is.</param>
    /// <exception cref="OperationCanceledException">The caller has gone, and the work was not done.</exception>
    public async Task<T> RunAsync<T>(Func<T> work, string caller, CallSource source)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        // A turn whose caller has gone stays in its place, and is passed over.
        using var gone = source.Cancellation.Register(() => done.TrySetCanceled(source.Cancellation));
        Enqueue(PeerAddress.Of(source.Address), caller, new Turn(() => Do(work, done)));
        return await done.Task.ConfigureAwait(false);
    }

    private static void Do<T>(Func<T> work, TaskCompletionSource<T> done)
    {
        if (done.Task.IsCompleted)
        {
            return;
        }
        try
        {
            done.TrySetResult(work());
        }
#pragma warning disable CA1031 // it goes to the caller
        catch (Exception failure)
#pragma warning restore CA1031
        {
            done.TrySetException(failure);
        }
    }

    private void Enqueue(IPAddress address, string caller, Turn turn)
    {
        lock (gate)
        {
            waiting.GetOrAdd(address).GetOrAdd(caller).Enqueue(turn);
            length++;
            if (threads == maxThreads)
            {
                return;
            }
            threads++;
        }
        new Thread(Work) { IsBackground = true, Name = "keys" }.Start();
    }

    // A thread ends when nothing waits: most CASs draw keys rarely.
    private void Work()
    {
        if (yields)
        {
            // Of this thread alone, on Linux. Where it is not possible, turns and budgets still hold.
            _ = SetPriority(0, 0, Niceness);
        }
        while (Next() is { } turn)
        {
            var start = Stopwatch.GetTimestamp();
            turn.Do();
            if (!yields)
            {
                Thread.Sleep(Stopwatch.GetElapsedTime(start) * RestsForWork);
            }
        }
    }

    private Turn? Next()
    {
        lock (gate)
        {
            if (!waiting.TryTake(out var address, out var callers) || !callers.TryTake(out var caller, out var turns))
            {
                threads--;
                return null;
            }
            length--;
            var turn = turns.Dequeue();
            // A caller with more to do goes to the end of the round.
            if (turns.Count > 0)
            {
                callers.Add(caller, turns);
            }
            if (callers.Count > 0)
            {
                waiting.Add(address, callers);
            }
            return turn;
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int which, uint who, int priority);

    private sealed record Turn(Action Do);

    /// <summary>Takes its members in a circle. Not thread-safe.</summary>
    private sealed class Round<TKey, TMember> where TKey : notnull where TMember : new()
    {
        private readonly Dictionary<TKey, TMember> members = [];
        private readonly Queue<TKey> order = new();

        public int Count => order.Count;

        public TMember GetOrAdd(TKey key)
        {
            if (!members.TryGetValue(key, out var member))
            {
                Add(key, member = new TMember());
            }
            return member;
        }

        public void Add(TKey key, TMember member)
        {
            members.Add(key, member);
            order.Enqueue(key);
        }

        public bool TryTake(out TKey key, out TMember member)
        {
            member = default!;
            return order.TryDequeue(out key!) && members.Remove(key, out member!);
        }
    }
}
