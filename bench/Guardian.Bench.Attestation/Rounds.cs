using System.Diagnostics;

namespace Guardian.Bench.Attestation;

/// <summary>Measures pieces of work in turn, for a short time each, round after round.</summary>
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

    /// <summary>Adds work of another process, which measures itself.</summary>
    public Measured Add(string name, Func<TimeSpan, TimeSpan> measure)
    {
        var measured = new Measured(name, measure);
        all.Add(measured);
        return measured;
    }

    public void Run()
    {
        // The warm-up lasts until all code is compiled.
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

    // Processor time of the whole process, with its garbage collection. On a shared machine, wall-clock time measures the neighbours too.
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

/// <summary>A piece of work and its times.</summary>
internal sealed class Measured(string name, Func<TimeSpan, TimeSpan> measure)
{
    public string Name { get; } = name;

    /// <summary>Measures the time of one call by calling it for some time.</summary>
    public Func<TimeSpan, TimeSpan> Measure { get; } = measure;

    public Action? Once { get; set; }

    public List<TimeSpan> Times { get; } = [];

    public TimeSpan Median => Times.Order().ElementAt(Times.Count / 2);

    /// <summary>Bytes that one call allocates; 0 in another process.</summary>
    public long Allocated { get; set; }
}
