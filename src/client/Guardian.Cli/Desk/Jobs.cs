using System.Collections.Concurrent;
using System.Security.Cryptography;
using Guardian.Cli.Failures;
using Guardian.Portal.Pages;
using Guardian.Portal.Serving;
using Guardian.Refusals;

namespace Guardian.Cli.Desk;

/// <summary>Work that takes longer than a page: its progress is a page that loads itself again.</summary>
internal sealed class Jobs
{
    private const int MaxKept = 100;

    private readonly ConcurrentDictionary<string, Job> jobs = new();
    private readonly ConcurrentQueue<string> order = new();

    /// <summary>Begins work.</summary>
    /// <param name="title">The work, for people.</param>
    /// <param name="next">The page that follows when it is done.</param>
    /// <param name="work">Gets the function that shows a step with the share that is done, and returns lines that tell the result.</param>
    /// <returns>The page of its progress.</returns>
    public PageResult Begin(
        string title, string next, Func<Action<double, string>, CancellationToken, Task<IReadOnlyList<string>>> work,
        CancellationToken end)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        var job = jobs[id] = new Job(new JobModel(title, next, 0, "starting", false, [], null));
        order.Enqueue(id);
        while (order.Count > MaxKept && order.TryDequeue(out var oldest))
        {
            jobs.TryRemove(oldest, out _);
        }
        job.Task = Task.Run(() => RunAsync(job, work, end), CancellationToken.None);
        return PageResult.Redirect($"/jobs/{id}");
    }

    /// <summary>Adds the page of progress.</summary>
    public void Map(PortalRoutes routes) => routes.Get("/jobs/{id}", request =>
    {
        var job = jobs.GetValueOrDefault(request.Route("id")) ?? throw CliReasons.Io.Refuse("there is no such work, or it is long over");
        var now = job.Now;
        return PageResult.Page<JobView, JobModel>(now.Title, now, refresh: now.IsOver ? null : 1);
    });

    private static async Task RunAsync(
        Job job, Func<Action<double, string>, CancellationToken, Task<IReadOnlyList<string>>> work, CancellationToken end)
    {
        try
        {
            var lines = await work(
                (share, words) => job.Now = job.Now with { Share = Math.Clamp(share, 0, 1), Words = words }, end).ConfigureAwait(false);
            job.Now = job.Now with { Share = 1, Words = "done", IsOver = true, Lines = lines };
        }
        catch (Exception failure) when (FailureTranslation.ToRefusal(failure) is { } refusal)
        {
            job.Now = job.Now with { IsOver = true, Failure = refusal };
        }
    }

    private sealed class Job(JobModel now)
    {
        private volatile JobModel now = now;

        public JobModel Now { get => now; set => now = value; }

        public Task? Task { get; set; }
    }
}
