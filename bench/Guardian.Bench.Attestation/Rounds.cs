using System.Diagnostics;

namespace Guardian.Bench.Attestation;

/// <summary>Measures pieces of work in turn, a short while each, round after round.</summary>
internal sealed class Rounds(TimeSpan duration)
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(20);

    private readonly List<Measured> all = [];

    public IReadOnlyList<Measured> All => all;

    public Measured Add(string name, Action work)
    {
        var measured = new Measured(name, work);
        all.Add(measured);
        return measured;
    }

    public void Run()
    {
        // Until everything is compiled for good.
        foreach (var each in all)
        {
            Repeat(each.Work, TimeSpan.FromSeconds(1));
        }
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < duration;)
        {
            foreach (var each in all)
            {
                each.Times.Add(Repeat(each.Work, Slice));
            }
        }
        foreach (var each in all)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            each.Work();
            each.Allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private static TimeSpan Repeat(Action work, TimeSpan time)
    {
        var clock = Stopwatch.StartNew();
        var count = 0;
        do
        {
            work();
            count++;
        }
        while (clock.Elapsed < time);
        return clock.Elapsed / count;
    }
}

/// <summary>A piece of work and how long it took.</summary>
internal sealed class Measured(string name, Action work)
{
    public string Name { get; } = name;

    public Action Work { get; } = work;

    public List<TimeSpan> Times { get; } = [];

    public TimeSpan Median => Times.Order().ElementAt(Times.Count / 2);

    /// <summary>Bytes that one call allocates.</summary>
    public long Allocated { get; set; }
}
