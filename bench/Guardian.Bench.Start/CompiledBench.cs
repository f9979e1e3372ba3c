using System.Globalization;

namespace Guardian.Bench.Start;

/// <summary>Attested starts of programs that their owner compiled.</summary>
internal static class CompiledBench
{
    private const int Rounds = 15;
    private const double GoalMilliseconds = 300;

    /// <summary>Measures a large program beside a trivial one.</summary>
    /// <param name="module">The large program's file.</param>
    /// <returns>0 if the goal is met, else 1.</returns>
    public static async Task<int> RunAsync(string module)
    {
        var managed = Installation.Managed(Environment.CurrentDirectory);
        var native = Installation.Native(Environment.CurrentDirectory);
        var program = new BenchProgram("large", await File.ReadAllBytesAsync(module).ConfigureAwait(false));
        using var large = await AttestedSession.StartAsync(managed, native, program).ConfigureAwait(false);
        using var trivial = await AttestedSession.StartAsync(managed, native, BenchProgram.FirstByte).ConfigureAwait(false);
        var (slow, fast) = (new List<double>(), new List<double>());
        for (var i = 0; i <= Rounds; i++)
        {
            // The first round fills the machine's caches.
            var (first, second) = (large.MeasureFirstByte(native.StartRun(large.Compiled)),
                trivial.MeasureFirstByte(native.StartRun(trivial.Compiled)));
            if (i > 0)
            {
                slow.Add(first);
                fast.Add(second);
            }
        }
        var difference = Median(slow) - Median(fast);
        var isMet = difference <= GoalMilliseconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"compiled by its owner: large {Median(slow),6:F1} ms (best {slow.Min(),6:F1})  "
            + $"trivial {Median(fast),6:F1} ms (best {fast.Min(),6:F1})  "
            + $"difference {difference:F0} ms, at most {GoalMilliseconds:F0}: {(isMet ? "met" : "NOT MET")}"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"compiled by its enclave: large {large.MeasureFirstByte(native.StartRun(large.Attested)):F0} ms"));
        return isMet ? 0 : 1;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
