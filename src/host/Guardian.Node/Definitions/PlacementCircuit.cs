using Guardian.Refusals;

namespace Guardian.Node.Definitions;

/// <summary>
/// Limits the time of lookups. After the first that gets no answer in time, no lookup waits until Placement answers again.
/// </summary>
/// <param name="probe">Asks Placement a small question; throws <see cref="RefusedException"/> when Placement or Keystone refuses.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Receives a line when lookups stop, and when they go on.</param>
/// <remarks>Thread-safe.</remarks>
internal sealed class PlacementCircuit(Func<CancellationToken, Task> probe, TimeProvider time, Action<string> log)
{
    /// <summary>The time that a lookup has. Placement answers in milliseconds.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(2);

    // Complete while the circuit is open, so that the lookups under way end as well.
    private volatile TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether lookups are not made, because the last one got no answer in time.</summary>
    public bool IsOpen => open.Task.IsCompleted;

    /// <summary>Makes a lookup.</summary>
    /// <returns>Its result, or null when it gets no answer in time.</returns>
    /// <exception cref="RefusedException">Placement or Keystone refused.</exception>
    public async Task<T?> RunAsync<T>(Func<CancellationToken, Task<T>> lookUp) where T : class
    {
        var current = open;
        if (current.Task.IsCompleted)
        {
            return null;
        }
        using var limit = new CancellationTokenSource(Limit, time);
        var work = lookUp(limit.Token);
        try
        {
            // A lookup that does not notice its cancellation must not hold a guest.
            await Task.WhenAny(work, current.Task).WaitAsync(limit.Token).ConfigureAwait(false);
            if (work.IsCompleted)
            {
                return await work.ConfigureAwait(false);
            }
            await limit.CancelAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Trip(current);
        }
        return null;
    }

    private void Trip(TaskCompletionSource current)
    {
        if (!current.TrySetResult())
        {
            return;
        }
        log($"Placement did not answer within {Limit.TotalSeconds:0} seconds; servers that are known here start by their last claim, "
            + "and other servers are refused until it answers");
        _ = CloseWhenAnsweredAsync();
    }

    private async Task CloseWhenAnsweredAsync()
    {
        do
        {
            await Task.Delay(ProbeInterval, time).ConfigureAwait(false);
        }
        while (!await HasAnswerAsync().ConfigureAwait(false));
        open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        log("Placement answers again");
    }

    // A refusal is an answer too: the next lookup gets one as fast.
    private async Task<bool> HasAnswerAsync()
    {
        using var limit = new CancellationTokenSource(Limit, time);
        try
        {
            await probe(limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (RefusedException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
