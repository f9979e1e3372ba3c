using System.Security.Cryptography;
using System.Threading.Channels;
using Guardian.Attestation.Collateral;

namespace Guardian.Attestation.Keeping;

/// <summary>Kept collateral of one platform, for monitoring. Immutable.</summary>
/// <param name="Platform">The platform.</param>
/// <param name="Edition">The edition.</param>
/// <param name="Summary">The stored collateral's content; null while there is none.</param>
/// <param name="CheckedAt">The last time at which a service answered with good collateral; null before the first.</param>
/// <param name="Failures">The number of updates that failed since the start.</param>
/// <param name="Problem">The reason of the last failure; null after a success.</param>
public sealed record KeptCollateral(
    PlatformId Platform, EvaluationSet Edition, CollateralSummary? Summary, DateTimeOffset? CheckedAt, long Failures, string? Problem);

/// <summary>
/// Keeps collateral of platforms current in the background. It asks once a day, at an instant that differs by machine, earlier if something
/// expires, and again after a failure with growing pauses. Thread-safe.
/// </summary>
public sealed class CollateralKeeper
{
    // Intel has named some hundred kinds of platforms so far; each costs requests every day.
    private const int MaxPlatforms = 1_000;

    private static readonly TimeSpan Interval = TimeSpan.FromDays(1);

    // Intel's documents are valid for thirty days.
    private static readonly TimeSpan Lead = TimeSpan.FromDays(7);
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    private readonly CollateralUpdater updater;
    private readonly TimeProvider time;
    private readonly Action<string> log;
    private readonly Func<double> draw;
    private readonly Lock gate = new();
    private readonly List<Entry> entries = [];

    // Has an item when a platform was added.
    private readonly Channel<bool> added = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Makes a keeper that does nothing yet.</summary>
    /// <param name="updater">Renews the collateral; used by this keeper alone.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Receives a line when collateral was renewed, when an update failed for a new reason, and when it works
    /// again.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public CollateralKeeper(CollateralUpdater updater, TimeProvider time, Action<string> log) : this(updater, time, log, DrawFraction)
    {
    }

    /// <summary>Makes a keeper whose jitter is drawn by a test: a number from 0 to 1.</summary>
    internal CollateralKeeper(CollateralUpdater updater, TimeProvider time, Action<string> log, Func<double> draw)
    {
        ArgumentNullException.ThrowIfNull(updater);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(log);
        (this.updater, this.time, this.log, this.draw) = (updater, time, log, draw);
    }

    /// <summary>The collateral that is kept.</summary>
    public IReadOnlyList<KeptCollateral> Kept
    {
        get
        {
            lock (gate)
            {
                return [.. entries.Select(entry => entry.State)];
            }
        }
    }

    /// <summary>Begins to keep a platform's collateral. A platform that is kept already is left as it is.</summary>
    /// <param name="platform">The platform.</param>
    /// <exception cref="IOException">The stored file cannot be read.</exception>
    public void Add(PlatformId platform) => Find(platform, int.MaxValue);

    /// <summary>
    /// Gets the collateral of a platform and keeps it from then on. A platform that is kept already is not asked for again before its
    /// next time, so a stranger who presents evidence again and again costs the services nothing. <see cref="RunAsync"/> does the work.
    /// </summary>
    /// <param name="platform">The platform; its evidence has been verified up to here, because each one costs requests every day.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Whether there is collateral; false also when a thousand other platforms are kept.</returns>
    /// <exception cref="IOException">The stored file cannot be read.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public async Task<bool> FetchAsync(PlatformId platform, CancellationToken cancellation)
    {
        if (Find(platform, MaxPlatforms) is not { } entry)
        {
            return false;
        }
        await entry.Tried.Task.WaitAsync(cancellation).ConfigureAwait(false);
        lock (gate)
        {
            return entry.State.Summary is not null;
        }
    }

    /// <summary>Keeps the collateral current.</summary>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var due = await UpdateDueAsync(cancellation).ConfigureAwait(false);
            var wait = due - time.GetUtcNow();
            // The clock may be set meanwhile.
            wait = wait < FirstPause ? wait : FirstPause;
            if (wait > TimeSpan.Zero)
            {
                await WaitAsync(wait, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Renews what is due.</summary>
    /// <returns>The instant at which something is due next.</returns>
    internal async Task<DateTimeOffset> UpdateDueAsync(CancellationToken cancellation)
    {
        List<Entry> all;
        lock (gate)
        {
            all = [.. entries];
        }
        foreach (var entry in all.Where(entry => entry.Due <= time.GetUtcNow()))
        {
            await UpdateAsync(entry, cancellation).ConfigureAwait(false);
        }
        return all.Count == 0 ? time.GetUtcNow() + FirstPause : all.Min(entry => entry.Due);
    }

    private Entry? Find(PlatformId platform, int most)
    {
        lock (gate)
        {
            var known = entries.Find(entry => entry.State.Platform == platform);
            if (known is not null || entries.Count >= most)
            {
                return known;
            }
            var summary = updater.FindStored(platform);
            var now = time.GetUtcNow();
            // After a restart of many machines at once, their requests are spread over the day.
            var due = summary is null || summary.Expires - Lead <= now ? now : now + (Interval * draw());
            var entry = new Entry(new KeptCollateral(platform, updater.Edition, summary, null, 0, null), due);
            if (summary is not null)
            {
                entry.Tried.SetResult();
            }
            entries.Add(entry);
            added.Writer.TryWrite(true);
            return entry;
        }
    }

    // Until the time is over or a platform was added.
    private async Task WaitAsync(TimeSpan wait, CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var item = added.Reader.ReadAsync(ended.Token).AsTask();
        await Task.WhenAny(Task.Delay(wait, time, ended.Token), item).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
    }

    private async Task UpdateAsync(Entry entry, CancellationToken cancellation)
    {
        var before = entry.State;
        KeptCollateral after;
        try
        {
            var (update, refusal) = await updater.UpdateAsync(before.Platform, time.GetUtcNow(), cancellation).ConfigureAwait(false);
            after = update is null
                ? Fail(before, string.Join("; ", [refusal!.Detail, .. refusal.Problems]))
                : before with { Summary = update.Summary, CheckedAt = time.GetUtcNow(), Problem = null };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            after = Fail(before, failure.Message);
        }
        var now = time.GetUtcNow();
        lock (gate)
        {
            entry.State = after;
            entry.FailuresInARow = after.Problem is null ? 0 : entry.FailuresInARow + 1;
            entry.Due = after.Problem is null ? FindRefresh(after.Summary!, now) : now + FindPause(entry.FailuresInARow);
        }
        entry.Tried.TrySetResult();
        Report(before, after);
    }

    private static KeptCollateral Fail(KeptCollateral state, string problem) =>
        state with { Failures = state.Failures + 1, Problem = problem };

    // Three quarters of a day to a whole one, unless something expires within the lead.
    private DateTimeOffset FindRefresh(CollateralSummary summary, DateTimeOffset now)
    {
        var regular = now + (Interval * (0.75 + (0.25 * draw())));
        var early = summary.Expires - Lead;
        var least = now + ShortestInterval;
        return early < least ? now + (ShortestInterval * (1 + draw())) : early < regular ? early : regular;
    }

    // Half of the pause to the whole: machines that failed together do not come back together.
    private TimeSpan FindPause(int failures)
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(failures - 1, 16));
        return (pause < LongestPause ? pause : LongestPause) * (0.5 + (0.5 * draw()));
    }

    private void Report(KeptCollateral before, KeptCollateral after)
    {
        var name = $"{after.Edition} collateral of {after.Platform.Tee} {after.Platform.Fmspc}";
        if (after.Problem is not null && after.Problem != before.Problem)
        {
            log($"{name} is not renewed{(after.Summary is { } kept ? $", the kept one expires {kept.Expires:u}" : "")}: {after.Problem}");
        }
        else if (after.Problem is null && (before.Problem is not null || before.Summary?.Issued != after.Summary!.Issued))
        {
            log($"{name} is current: evaluation data number {after.Summary!.EvaluationDataNumber}, expires {after.Summary.Expires:u}");
        }
    }

    private static double DrawFraction() => RandomNumberGenerator.GetInt32(1 << 20) / (double)(1 << 20);

    private sealed class Entry(KeptCollateral state, DateTimeOffset due)
    {
        public KeptCollateral State { get; set; } = state;

        public DateTimeOffset Due { get; set; } = due;

        public int FailuresInARow { get; set; }

        /// <summary>Ends when there is collateral, or an attempt to get it failed.</summary>
        public TaskCompletionSource Tried { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
