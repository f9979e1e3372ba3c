using System.Diagnostics;

namespace Guardian.Fuzz;

/// <summary>An input on which a reader of foreign bytes failed.</summary>
/// <param name="Input">The input.</param>
/// <param name="Problem">The exception, or the size that was allocated.</param>
internal sealed record Finding(byte[] Input, string Problem);

/// <summary>Runs a target on changed seeds. A reader must not throw, and must not allocate out of proportion to its input.</summary>
internal static class Fuzzer
{
    // A reader may allocate this much for each byte of input, and a fixed size for keys and certificates.
    private const long AllocationPerByte = 2_000;
    private const long FixedAllocation = 4L * 1024 * 1024;

    /// <summary>Runs until the first finding, or until the time or the number of rounds is up.</summary>
    public static (Finding? Finding, long Rounds) Run(Target target, int seed, TimeSpan time, long maxRounds = long.MaxValue)
    {
        var seeds = target.Seeds();
        // The seeds themselves are good inputs; a target that refuses one tests nothing.
        foreach (var good in seeds)
        {
            if (!target.Read(good))
            {
                return (new Finding(good, "a seed is refused"), 0);
            }
        }
        var mutator = new Mutator(new Random(seed), seeds);
        var clock = Stopwatch.StartNew();
        var rounds = 0L;
        while (rounds < maxRounds && clock.Elapsed < time)
        {
            rounds++;
            var input = mutator.CreateInput();
            if (FindProblem(target, input) is { } problem)
            {
                return (new Finding(input, problem), rounds);
            }
        }
        return (null, rounds);
    }

    private static string? FindProblem(Target target, byte[] input)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            target.Read(input);
        }
        catch (Exception failure)
        {
            return failure.ToString();
        }
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return allocated > FixedAllocation + (AllocationPerByte * input.Length)
            ? $"allocated {allocated} bytes for {input.Length}"
            : null;
    }
}
