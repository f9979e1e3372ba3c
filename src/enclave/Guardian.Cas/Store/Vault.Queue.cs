using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

namespace Guardian.Cas.Store;

/// <summary>Queues the callers. One thread at a time works, on everything that has arrived meanwhile.</summary>
internal sealed partial class Vault
{
    // The callers that share one commit. A larger batch would delay the first of them.
    private const int MaxBatch = 256;

    // A caller beyond this is refused rather than left waiting.
    private const int MaxWaiting = 4096;

    private const int MaxAttempts = 4;

    private readonly SemaphoreSlim parsing = new(1);

    // Its own lock guards it and the two fields below.
    private readonly Queue<Job> waiting = new();
    private bool isWorking;
    private bool isClosed;

    /// <summary>Does work in a transaction.</summary>
    /// <param name="work">Reads and writes, and has no other effect. When it throws, nothing is written.</param>
    /// <param name="needsWitness">False for work that writes nothing and may be answered while the witness is silent.</param>
    /// <returns>The result, once everything the work wrote is durable and the witness, if there is one, has confirmed it.</returns>
    /// <exception cref="InvalidDataException">The store was changed outside the CAS.</exception>
    /// <exception cref="StoreException">The database cannot be used; the changes may have happened or not.</exception>
    public Task<T> RunAsync<T>(Func<VaultTransaction, T> work, bool needsWitness = true) =>
        DoAsync(isLast => new Job<T>(work, _ => false) { NeedsWitness = needsWitness, ParsesLarge = isLast });

    /// <summary>Does work that may be refused; otherwise as <see cref="RunAsync"/>. A CAS that nobody owns refuses all of it.</summary>
    /// <param name="needsOwners">False for work by which a CAS gets its first owners.</param>
    /// <param name="work">
    /// Reads and writes, and has no other effect. When it refuses, its changes are dropped; entries of the audit log that tell of no
    /// change are written.
    /// </param>
    public Task<Outcome<T>> TryRunAsync<T>(Func<VaultTransaction, Outcome<T>> work, bool needsOwners = true) where T : class
    {
        // The first to claim a CAS can rebuild its key, so it must hold nothing before.
        Outcome<T> Guarded(VaultTransaction transaction) => needsOwners && transaction.Owners is null
            ? CasReasons.Unclaimed.Because("nobody owns this CAS yet, so it accepts nothing and gives nothing")
            : work(transaction);
        return DoAsync(isLast =>
            new Job<Outcome<T>>(Guarded, outcome => outcome.Refusal is not null) { NeedsWitness = true, ParsesLarge = isLast });
    }

    // Work that needs a large row is done again when the row is parsed. A few times are enough for a session and those that it names.
    private async Task<T> DoAsync<T>(Func<bool, Job<T>> makeJob)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            try
            {
                return await EnqueueAsync(makeJob(false)).ConfigureAwait(false);
            }
            catch (LargeRowException large)
            {
                // One at a time: the rest of the processors answers calls.
                await parsing.WaitAsync().ConfigureAwait(false);
                try
                {
                    await Task.Run(large.Parse).ConfigureAwait(false);
                }
                finally
                {
                    parsing.Release();
                }
            }
        }
        return await EnqueueAsync(makeJob(true)).ConfigureAwait(false);
    }

    private Task<T> EnqueueAsync<T>(Job<T> job)
    {
        bool isIdle;
        lock (waiting)
        {
            if (isClosed || waiting.Count >= MaxWaiting)
            {
                return Task.FromException<T>(new StoreException("the CAS has more work than it can do; try again"));
            }
            waiting.Enqueue(job);
            isIdle = !isWorking;
            isWorking = true;
        }
        if (isIdle && WorkOnce())
        {
            // This caller does not wait for the work that arrived meanwhile.
            ThreadPool.UnsafeQueueUserWorkItem(
                vault =>
                {
                    while (vault.WorkOnce())
                    {
                    }
                },
                this, preferLocal: false);
        }
        return job.Task;
    }

    /// <summary>Does the waiting work, up to a batch.</summary>
    /// <returns>Whether more arrived meanwhile; if not, the next caller starts to work.</returns>
    private bool WorkOnce()
    {
        var batch = new List<Job>();
        lock (waiting)
        {
            while (batch.Count < MaxBatch && waiting.TryDequeue(out var job))
            {
                batch.Add(job);
            }
        }
        Run(batch);
        lock (waiting)
        {
            if (waiting.Count == 0)
            {
                isWorking = false;
                Monitor.PulseAll(waiting);
            }
            return isWorking;
        }
    }

    private void Run(List<Job> batch)
    {
        try
        {
            using (var transaction = store.Begin())
            {
                Follow(transaction);
                parsed.MoveTo(cache);
                var changes = new VaultChanges { Owners = log.Present };
                foreach (var job in batch)
                {
                    if (Damage is { } found && !job.IsCheck)
                    {
                        job.Reject(new InvalidDataException(
                            $"the store was changed outside the CAS: {found.Public}; restore the database from a copy"));
                        continue;
                    }
                    var own = new VaultTransaction(this, transaction, changes, job.ParsesLarge);
                    if (job.TryRun(own))
                    {
                        own.Merge();
                    }
                }
                Commit(transaction, changes);
            }
            Complete(batch, job => !job.NeedsWitness);
            if (batch.Count > 0)
            {
                ConfirmByWitness();
            }
        }
#pragma warning disable CA1031 // every failure goes to the waiting callers, and the next batch is tried
        catch (Exception failure)
#pragma warning restore CA1031
        {
            batch.ForEach(job => job.Fail(failure));
            return;
        }
        Complete(batch, _ => true);
    }

    private static void Complete(List<Job> batch, Predicate<Job> match)
    {
        batch.FindAll(match).ForEach(job => job.Complete());
        batch.RemoveAll(match);
    }

    private abstract class Job
    {
        public bool NeedsWitness { get; init; }

        public bool IsCheck { get; init; }

        public bool ParsesLarge { get; init; }

        public abstract void Reject(Exception failure);

        public abstract bool TryRun(VaultTransaction transaction);

        public abstract void Complete();

        public abstract void Fail(Exception failure);
    }

    private sealed class Job<T>(Func<VaultTransaction, T> work, Predicate<T> isRefused) : Job
    {
        private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T result = default!;
        private Exception? failed;

        public Task<T> Task => completion.Task;

        public override bool TryRun(VaultTransaction transaction)
        {
            try
            {
                result = work(transaction);
                if (isRefused(result))
                {
                    transaction.DropChanges();
                }
                return true;
            }
#pragma warning disable CA1031 // it goes to the caller
            catch (Exception failure) when (failure is not StoreException)
#pragma warning restore CA1031
            {
                failed = failure;
                return false;
            }
        }

        public override void Reject(Exception failure) => failed = failure;

        public override void Complete()
        {
            if (failed is null)
            {
                completion.SetResult(result);
            }
            else
            {
                completion.SetException(failed);
            }
        }

        // This replaces a refusal too: a store that was rolled back may have caused it.
        public override void Fail(Exception failure) => completion.SetException(failure);
    }
}
