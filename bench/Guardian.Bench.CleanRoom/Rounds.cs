using System.Diagnostics;
using System.Globalization;

namespace Guardian.Bench.CleanRoom;

/// <summary>
/// Measures pieces of work in turn, so that a busy machine disturbs all alike, and judges ratios of their medians.
/// </summary>
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
            var processor = string.Create(CultureInfo.InvariantCulture, $"{Processor(each.Name),9:F1} ms of processor time");
            Show(each.Name, Median(each.Name), processor);
        }
    }

    public double Median(string name) => MiddleOf(all.Single(each => each.Name == name).Milliseconds);

    /// <summary>Processor time of all threads in milliseconds; a busy machine disturbs this figure least.</summary>
    public double Processor(string name) => MiddleOf(all.Single(each => each.Name == name).Processor);

    /// <summary>Prints how many times faster than the fastest peer the work is, and whether that is enough.</summary>
    public void Judge(string what, double ours, double peer, double atLeast)
    {
        var isMet = peer / ours >= atLeast;
        IsMet &= isMet;
        var verdict = isMet ? "met" : "NOT MET";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  {what,-52} {peer / ours,9:F2} x    at least {atLeast}: {verdict}"));
    }

    /// <summary>Says how many times a baseline something costs.</summary>
    public void JudgeCost(string what, double ours, double baseline, double atMost)
    {
        var isMet = ours / baseline <= atMost;
        IsMet &= isMet;
        var verdict = isMet ? "met" : "NOT MET";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  {what,-52} {ours / baseline,9:F2} x    at most {atMost}: {verdict}"));
    }

    public static void Show(string name, double milliseconds, string remark = "") =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-52} {milliseconds,9:F1} ms   {remark}"));

    public static double Once(Action work)
    {
        var clock = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(clock).TotalMilliseconds;
    }

    private static double MiddleOf(List<double> times) => times.Order().ElementAt(times.Count / 2);
}
