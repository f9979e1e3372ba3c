using System.Diagnostics;

namespace Guardian.Cas.Store;

/// <summary>Checks the database while the CAS runs. A store that was changed outside answers nobody until it is as it was.</summary>
internal sealed partial class Vault
{
    private readonly StoreScrub scrub;
    private long committedAt;
    private long confirmedAt;

    /// <summary>The fault of the store; null when none is known.</summary>
    public StoreFault? Damage => scrub.Damage;

    /// <summary>The checks of the whole store since the start that found nothing.</summary>
    public long Passes => scrub.Passes;

    /// <summary>Checks the next part of the store, for some milliseconds.</summary>
    /// <returns>Whether that was the last part; the next call begins again.</returns>
    /// <exception cref="InvalidDataException">The head was changed outside the CAS.</exception>
    /// <exception cref="StoreException">The database cannot be used.</exception>
    public Task<bool> CheckAsync() => EnqueueAsync(new Job<bool>(
        transaction => transaction.Check(), _ => false) { IsCheck = true });

    /// <summary>Writes the head again, as it is: a durable write that changes nothing.</summary>
    /// <exception cref="InvalidDataException">The store was changed outside the CAS.</exception>
    /// <exception cref="StoreException">The database cannot be used, or is not writable.</exception>
    public Task ProbeAsync() => EnqueueAsync(new Job<bool>(transaction => transaction.Probe(), _ => false) { IsCheck = true });

    /// <summary>The time since the last durable write.</summary>
    public TimeSpan SinceCommit => Stopwatch.GetElapsedTime(Volatile.Read(ref committedAt));

    /// <summary>The time since the witness confirmed the end of the log; null when there is no witness, or it never has.</summary>
    public TimeSpan? SinceWitness => log.Present?.Witness is null || Volatile.Read(ref confirmedAt) is 0L
        ? null
        : Stopwatch.GetElapsedTime(Volatile.Read(ref confirmedAt));

    /// <summary>Writes how far the log has come to the key's file: the next start refuses a database that does not come so far.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public Task RememberAsync() => RunAsync(
        _ =>
        {
            Remember();
            return true;
        },
        needsWitness: false);

    private void ProbeCore(IRowTransaction transaction)
    {
        var row = PutHead(transaction, head!);
        CommitNow(transaction);
        headRow = row;
    }

    private void CommitNow(IRowTransaction transaction)
    {
        transaction.Commit();
        Volatile.Write(ref committedAt, Stopwatch.GetTimestamp());
    }

    internal bool Check(IRowTransaction transaction) => scrub.Step(transaction, head!, log, index.Digests);

    private void Remember()
    {
        held = held with { Known = log };
        file?.Renew(held);
    }

    private void SetDigest((string Kind, string Name) row, byte[]? digest)
    {
        scrub.Follow(row, index.Find(row), digest);
        index.Set(row, digest);
    }
}
