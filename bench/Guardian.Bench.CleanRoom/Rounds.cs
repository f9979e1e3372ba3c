using System.Diagnostics;
using System.Globalization;

namespace Guardian.Bench.CleanRoom;

/// <summary>Measures pieces of work in turn, so that a busy machine disturbs all alike, and judges ratios of their medians.</summary>
internal sealed class Rounds
{
    private readonly List<(string Name, Action Work, List<double> Milliseconds, List<double> Processor)> all = [];

    public bool IsMet { get; private set; } = true;

    public void Add(string name, Action work) => all.Add((name, work, [], []));

    public void Run(int rounds)
    {
        foreach (var each in all)
        {
            each.Work();
        }
        for (var round = 0; round < rounds; round++)
        {
            foreach (var each in all)
            {
                var before = Environment.CpuUsage.TotalTime;
                each.Milliseconds.Add(Once(each.Work));
                each.Processor.Add((Environment.CpuUsage.TotalTime - before).TotalMilliseconds);
            }
        }
        foreach (var each in all)
        {
            Show(each.Name, Median(each.Name), string.Create(CultureInfo.InvariantCulture, $"{Processor(each.Name),9:F1} ms of processor time"));
        }
    }

    public double Median(string name) => all.Single(each => each.Name == name).Milliseconds.Order().ElementAt(all[0].Milliseconds.Count / 2);

    /// <summary>Processor time of all threads, milliseconds: what a busy machine disturbs least.</summary>
    public double Processor(string name) => all.Single(each => each.Name == name).Processor.Order().ElementAt(all[0].Processor.Count / 2);

    /// <summary>How many times faster than the fastest peer, and whether that is enough.</summary>
    public void Judge(string what, double ours, double peer, double atLeast)
    {
        var isMet = peer / ours >= atLeast;
        IsMet &= isMet;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {what,-52} {peer / ours,9:F2} x    at least {atLeast}: {(isMet ? "met" : "NOT MET")}"));
    }

    public static void Show(string name, double milliseconds, string remark = "") =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-52} {milliseconds,9:F1} ms   {remark}"));

    public static double Once(Action work)
    {
        var clock = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(clock).TotalMilliseconds;
    }
}
