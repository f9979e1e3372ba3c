namespace Guardian.Cas.Store;

/// <summary>Who waits for the store, and who works on it: one thread at a time, on what was asked in the meantime.</summary>
internal sealed partial class Vault
{
    // As many callers as share one commit; more would only wait for each other.
    private const int MaxBatch = 256;

    // Beyond this a caller is told to come again rather than left waiting.
    private const int MaxWaiting = 4096;

    // Guarded by itself, as are the two below it.
    private readonly Queue<Job> waiting = new();
    private bool isWorking;
    private bool isClosed;

    /// <summary>Does work in a transaction.</summary>
    /// <param name="work">Reads and writes; runs again when the database has to be asked again, so it has no other effect. When it throws, it wrote nothing.</param>
    /// <param name="needsWitness">False for work that is to be done also when the store's witness is silent, and that writes nothing.</param>
    /// <returns>What the work gave, once everything it wrote is durable and the witness, if there is one, has confirmed it.</returns>
    /// <exception cref="InvalidDataException">The store was changed outside the CAS.</exception>
    /// <exception cref="StoreException">The database cannot be used; it may have happened or not.</exception>
    public Task<T> RunAsync<T>(Func<VaultTransaction, T> work, bool needsWitness = true)
    {
        var job = new Job<T>(work) { NeedsWitness = needsWitness };
        bool isIdle;
        lock (waiting)
        {
            if (isClosed || waiting.Count >= MaxWaiting)
            {
                return Task.FromException<T>(new StoreException("the CAS has more to do than it can; try again"));
            }
            waiting.Enqueue(job);
            isIdle = !isWorking;
            isWorking = true;
        }
        if (isIdle && WorkOnce())
        {
            // What came meanwhile is not this caller's to wait for.
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

    /// <summary>Does what is waiting.</summary>
    /// <returns>Whether more came meanwhile; if not, the next caller begins anew.</returns>
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
                var changes = new VaultChanges { Witness = head!.Witness };
                foreach (var job in batch)
                {
                    var own = new VaultTransaction(this, transaction, changes);
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
                Confirm();
            }
        }
#pragma warning disable CA1031 // whatever it is, those who wait are told, and the next batch is tried
        catch (Exception failure)
#pragma warning restore CA1031
        {
            batch.ForEach(job => job.Fail(failure));
            return;
        }
        Complete(batch, _ => true);
    }

    private static void Complete(List<Job> batch, Predicate<Job> those)
    {
        batch.FindAll(those).ForEach(job => job.Complete());
        batch.RemoveAll(those);
    }

    private abstract class Job
    {
        public bool NeedsWitness { get; init; }

        public abstract bool TryRun(VaultTransaction transaction);

        public abstract void Complete();

        public abstract void Fail(Exception failure);
    }

    private sealed class Job<T>(Func<VaultTransaction, T> work) : Job
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

        // A refusal is an answer too: it may come from a store that was put back.
        public override void Fail(Exception failure) => completion.SetException(failure);
    }
}
