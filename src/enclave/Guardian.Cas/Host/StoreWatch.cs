using System.Diagnostics;
using Guardian.Cas.Store;

namespace Guardian.Cas.Host;

/// <summary>Checks the store while the CAS runs, and knows whether the CAS can serve. Thread-safe.</summary>
/// <remarks>Callers who ask whether the CAS is ready cause no work: they get what the last check found.</remarks>
internal sealed class StoreWatch : IAsyncDisposable
{
    /// <summary>The CAS serves.</summary>
    public const string Ready = "ready";

    private const string Unclaimed = "unclaimed";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RememberInterval = TimeSpan.FromMinutes(10);

    // A check that takes longer waits for the database or for the witness.
    private static readonly TimeSpan CheckLimit = TimeSpan.FromSeconds(15);

    private readonly Vault vault;
    private readonly Action<string> report;
    private readonly CancellationTokenSource ending = new();
    private readonly Task watching;
    private (string Word, long At) found = ("starting", Stopwatch.GetTimestamp());
    private string? reported;

    /// <param name="report">Gets a sentence for the operator whenever the state changes.</param>
    public StoreWatch(Vault vault, Action<string> report)
    {
        (this.vault, this.report) = (vault, report);
        watching = WatchAsync();
    }

    /// <summary>The state: <see cref="Ready"/>, or a stable word for the reason why the CAS does not serve.</summary>
    public string Read()
    {
        lock (ending)
        {
            return Stopwatch.GetElapsedTime(found.At) > CheckLimit ? "busy" : found.Word;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync().ConfigureAwait(false);
        await watching.ConfigureAwait(false);
        ending.Dispose();
    }

    private async Task WatchAsync()
    {
        var (probed, remembered) = (0L, Stopwatch.GetTimestamp());
        do
        {
            var isProbe = probed == 0 || Stopwatch.GetElapsedTime(probed) > ProbeInterval;
            var (word, detail) = await CheckAsync(isProbe).ConfigureAwait(false);
            // The next turn repeats a probe that failed.
            probed = word is not (Ready or Unclaimed) ? 0 : isProbe ? Stopwatch.GetTimestamp() : probed;
            lock (ending)
            {
                found = (word, Stopwatch.GetTimestamp());
            }
            Report(word, detail);
            if (Stopwatch.GetElapsedTime(remembered) > RememberInterval)
            {
                remembered = Stopwatch.GetTimestamp();
                await RememberAsync().ConfigureAwait(false);
            }
        }
        while (await WaitAsync().ConfigureAwait(false));
    }

    private async Task<(string Word, string Detail)> CheckAsync(bool isProbe)
    {
        var step = "store-unreachable";
        try
        {
            await vault.CheckAsync().ConfigureAwait(false);
            if (vault.Damage is { } damage)
            {
                return ("damaged", damage.Detail);
            }
            if (isProbe)
            {
                step = "store-not-writable";
                await vault.ProbeAsync().ConfigureAwait(false);
                step = "witness-silent";
                await vault.RunAsync(_ => true).ConfigureAwait(false);
            }
            return vault.Log.Present is null ? (Unclaimed, "nobody owns this CAS yet") : (Ready, "it serves");
        }
        catch (StoreException failure)
        {
            return (step, failure.Message);
        }
        catch (InvalidDataException failure)
        {
            return ("damaged", failure.Message);
        }
#pragma warning disable CA1031 // a watch that ended would leave the store unchecked, and nobody would know
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return (step, $"internal: {failure.GetType().Name}");
        }
    }

    private void Report(string word, string detail)
    {
        var text = word == Ready ? "ready" : $"not ready: {word}: {detail}";
        if (reported != text && (reported is not null || word is not (Ready or Unclaimed)))
        {
            report(text);
        }
        reported = text;
    }

    private async Task RememberAsync()
    {
        try
        {
            await vault.RememberAsync().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            report($"the key's file was not written: {failure.Message}");
        }
    }

    private async Task<bool> WaitAsync()
    {
        try
        {
            await Task.Delay(Interval, ending.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
