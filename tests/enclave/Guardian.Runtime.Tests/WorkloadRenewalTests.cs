using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

namespace Guardian.Runtime.Tests;

public sealed class WorkloadRenewalTests : IDisposable
{
    private readonly TestWorkloads workloads = new();
    private readonly List<string> problems = [];

    public void Dispose() => workloads.Dispose();

    [Fact]
    public async Task A_certificate_is_renewed_halfway_through_its_life_and_an_attempt_that_fails_is_repeated()
    {
        var time = new HastyTime();
        using var renewed = workloads.Create("shop", "web", time: time);
        var (first, calls) = (renewed.Certificate, 0);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        renewed.StartRenewing(
            async (key, cancellation) =>
            {
                switch (++calls)
                {
                    case 1:
                        throw new RefusedException(CasReasons.Unreachable.Because("the test made it so"));
                    case 2:
                        return workloads.Issue(key, "shop", "web", workloads.Program, workloads.Policy, TestWorkloads.Life);
                    default:
                        done.TrySetResult();
                        await Task.Delay(Timeout.Infinite, cancellation);
                        throw new InvalidOperationException();
                }
            },
            problems.Add);
        await done.Task;
        Assert.NotSame(first, renewed.Certificate);
        Assert.Contains("not renewed", Assert.Single(problems), StringComparison.Ordinal);
        Assert.Equal(3, time.Delays.Count);
        foreach (var halfway in new[] { time.Delays[0], time.Delays[2] })
        {
            Assert.InRange(halfway, TestWorkloads.Life * 0.45, TestWorkloads.Life * 0.55);
        }
        Assert.Equal(TimeSpan.FromMinutes(1), time.Delays[1]);
    }

    /// <summary>A clock whose timers end at once, and that records when they should.</summary>
    private sealed class HastyTime : TimeProvider
    {
        public List<TimeSpan> Delays { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Delays.Add(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.FromMilliseconds(1), period);
        }
    }
}
