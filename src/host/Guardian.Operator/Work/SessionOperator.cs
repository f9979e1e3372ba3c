using System.Net;
using System.Text.Json.Nodes;
using Guardian.Kubernetes;
using Guardian.Operator.Objects;

namespace Guardian.Operator.Work;

/// <summary>Follows the objects of a cluster, brings each to the CAS, and writes what the CAS said into its status.</summary>
/// <param name="api">The API server.</param>
/// <param name="cas">The CAS.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Receives a line for each event that an operator may want to know.</param>
internal sealed class SessionOperator(ClusterApi api, ICas cas, TimeProvider time, Action<string> log)
{
    private static readonly TimeSpan IdlePause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan OutagePause = TimeSpan.FromSeconds(5);

    private readonly DueList due = new(time);
    private readonly SessionCourier courier = new(cas);
    private string? trouble;

    /// <summary>Works until it is cancelled.</summary>
    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(
        RepeatAsync(FollowAsync, cancellation), RepeatAsync(WorkAsync, cancellation));

    private async Task RepeatAsync(Func<CancellationToken, Task<TimeSpan>> step, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            var pause = OutagePause;
            try
            {
                pause = await step(cancellation).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or UnauthorizedAccessException
                or OperationCanceledException)
            {
                if (!cancellation.IsCancellationRequested)
                {
                    Note(failure.Message);
                }
            }
            await Task.Delay(pause, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<TimeSpan> FollowAsync(CancellationToken cancellation)
    {
        await new SessionFeed(api, due).FollowAsync(cancellation).ConfigureAwait(false);
        return IdlePause;
    }

    private async Task<TimeSpan> WorkAsync(CancellationToken cancellation)
    {
        if (due.FindDue() is not { } version)
        {
            return IdlePause;
        }
        if (await ReadAsync(version.Key, cancellation).ConfigureAwait(false) is not { } item)
        {
            due.Remove(version.Key);
            return TimeSpan.Zero;
        }
        // The object may be newer than the last change that was heard of.
        due.Put(item.Id);
        var isWritten = false;
        var (status, isOutage) = await courier.DeliverAsync(item, cancellation).ConfigureAwait(false);
        try
        {
            await PublishAsync(item, status, isOutage, cancellation).ConfigureAwait(false);
            isWritten = true;
        }
        finally
        {
            due.Postpone(item.Id, status.IsAccepted && isWritten);
        }
        Note(isOutage ? status.Message : null);
        return isOutage ? OutagePause : TimeSpan.Zero;
    }

    // An object has up to a mebibyte of text, so only one is in memory.
    private async Task<SessionObject?> ReadAsync(ObjectKey key, CancellationToken cancellation)
    {
        try
        {
            using var document = ObjectMembers.TryParse(await api.GetAsync(key.Path, cancellation).ConfigureAwait(false));
            return SessionObject.Read(document?.RootElement) is { } item && item.Id.Key == key ? item : null;
        }
        catch (HttpRequestException failure) when (failure.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    private async Task PublishAsync(SessionObject item, SessionStatus status, bool isOutage, CancellationToken cancellation)
    {
        // A CAS that does not answer now says nothing about a session that it has accepted.
        var isKnown = isOutage && item.Status is { Status.IsAccepted: true } known && known.Status.Generation == item.Generation;
        if (isKnown || status.IsSaidBy(item.Status))
        {
            return;
        }
        var patch = new JsonObject { ["status"] = status.Write(item.Status, time.GetUtcNow()) };
        try
        {
            await api.PatchAsync($"{item.Id.Key.Path}/status", patch, cancellation).ConfigureAwait(false);
            log($"{item.Namespace}/{item.Name}: {(status.IsAccepted ? $"session {status.Session} hash {status.Hash}" : status.Reason)}");
        }
        catch (HttpRequestException failure) when (failure.StatusCode == HttpStatusCode.NotFound)
        {
            // The object is gone, and the next look finds this.
        }
    }

    // An outage that lasts is one line.
    private void Note(string? now)
    {
        if (now is not null && now != trouble)
        {
            log(now);
        }
        trouble = now;
    }
}
