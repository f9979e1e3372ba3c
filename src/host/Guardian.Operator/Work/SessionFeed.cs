using Guardian.Kubernetes;
using Guardian.Operator.Objects;

namespace Guardian.Operator.Work;

/// <summary>Keeps a <see cref="DueList"/> as the API server's objects are: one list, then changes, then a new list.</summary>
internal sealed class SessionFeed(ClusterApi api, DueList due)
{
    // Each object has at most 1.5 MiB in etcd.
    private const int PageSize = 25;

    // A list that never ends is none.
    private const int MaxObjects = 500_000;

    // The server ends a watch then, and the next list finds what the watch missed.
    private const int WatchSeconds = 240;

    /// <summary>Reads the list, and follows it until the server ends the watch.</summary>
    /// <exception cref="HttpRequestException">The API server does not answer, or refuses.</exception>
    /// <exception cref="IOException">The connection broke, or an answer is no list.</exception>
    public async Task FollowAsync(CancellationToken cancellation)
    {
        var version = await ListAsync(cancellation).ConfigureAwait(false);
        var path = $"{SessionObject.Collection}?watch=1&timeoutSeconds={WatchSeconds}&resourceVersion={Uri.EscapeDataString(version)}";
        // A connection that the network forgot never ends by itself.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(WatchSeconds + 30));
        try
        {
            await foreach (var line in api.WatchAsync(path, limit.Token).ConfigureAwait(false))
            {
                if (ObjectChange.Read(line) is not { } change)
                {
                    // The server forgot the version: a new list follows.
                    return;
                }
                Take(change);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The limit: a new list follows.
        }
    }

    private void Take(ObjectChange change)
    {
        if (change.IsDeleted)
        {
            due.Remove(change.Object.Key);
        }
        else
        {
            due.Put(change.Object);
        }
    }

    private async Task<string> ListAsync(CancellationToken cancellation)
    {
        var objects = new List<ObjectVersion>();
        string? more = null;
        while (true)
        {
            var path = $"{SessionObject.Collection}?limit={PageSize}{(more is null ? "" : $"&continue={Uri.EscapeDataString(more)}")}";
            var page = ObjectPage.Read(await api.GetAsync(path, cancellation).ConfigureAwait(false))
                ?? throw new IOException("the API server's answer is no list of sessions");
            objects.AddRange(page.Objects);
            if (page.Continue is null || objects.Count > MaxObjects)
            {
                due.Replace(objects);
                return page.Version;
            }
            more = page.Continue;
        }
    }
}
