using System.Diagnostics;

namespace Guardian.Bench.Attestation;

/// <summary>Measures pieces of work in turn, a short while each, round after round.</summary>
internal sealed class Rounds(TimeSpan duration)
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);

    private readonly List<Measured> all = [];

    public IReadOnlyList<Measured> All => all;

    public Measured Add(string name, Action work)
    {
        var measured = Add(name, time => Repeat(work, time));
        measured.Once = work;
        return measured;
    }

    /// <summary>Adds work that measures itself: in another process.</summary>
    public Measured Add(string name, Func<TimeSpan, TimeSpan> measure)
    {
        var measured = new Measured(name, measure);
        all.Add(measured);
        return measured;
    }

    public void Run()
    {
        // Until everything is compiled for good.
        foreach (var each in all)
        {
            each.Measure(WarmUp);
        }
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < duration;)
        {
            foreach (var each in all)
            {
                each.Times.Add(each.Measure(Slice));
            }
        }
        foreach (var each in all)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            each.Once?.Invoke();
            each.Allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    // Processor time of the whole process, with its garbage collection: on a shared machine the clock on the wall measures the neighbours.
    private static TimeSpan Repeat(Action work, TimeSpan time)
    {
        var clock = Stopwatch.StartNew();
        var before = Environment.CpuUsage.TotalTime;
        var count = 0;
        do
        {
            work();
            count++;
        }
        while (clock.Elapsed < time);
        return (Environment.CpuUsage.TotalTime - before) / count;
    }
}

/// <summary>A piece of work and how long it took.</summary>
internal sealed class Measured(string name, Func<TimeSpan, TimeSpan> measure)
{
    public string Name { get; } = name;

    /// <summary>How long one call takes, found by calling it for some time.</summary>
    public Func<TimeSpan, TimeSpan> Measure { get; } = measure;

    public Action? Once { get; set; }

    public List<TimeSpan> Times { get; } = [];

    public TimeSpan Median => Times.Order().ElementAt(Times.Count / 2);

    /// <summary>Bytes that one call allocates; 0 in another process.</summary>
    public long Allocated { get; set; }
}
