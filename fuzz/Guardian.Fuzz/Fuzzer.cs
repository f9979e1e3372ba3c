using System.Diagnostics;

namespace Guardian.Fuzz;

/// <summary>An input that a reader of foreign bytes did not bear.</summary>
/// <param name="What">The exception, or how much was allocated.</param>
internal sealed record Finding(byte[] Input, string What);

/// <summary>Runs a target on changed seeds. A reader must not throw, and must not allocate out of proportion to what it was given.</summary>
internal static class Fuzzer
{
    // Reading costs objects, but never more than this for each byte of input, besides a fixed part for keys and certificates.
    private const long AllocationPerByte = 2_000;
    private const long FixedAllocation = 4L * 1024 * 1024;

    /// <summary>Runs until something is found, or the time or number of rounds is up.</summary>
    public static (Finding? Finding, long Rounds) Run(Target target, int seed, TimeSpan time, long maxRounds = long.MaxValue)
    {
        var seeds = target.Seeds();
        // The seeds themselves are good input: a target that refuses them tests nothing.
        foreach (var good in seeds)
        {
            if (!target.Read(good))
            {
                return (new Finding(good, "a seed is not read"), 0);
            }
        }
        var mutator = new Mutator(new Random(seed), seeds);
        var clock = Stopwatch.StartNew();
        var rounds = 0L;
        while (rounds < maxRounds && clock.Elapsed < time)
        {
            rounds++;
            var input = mutator.Next();
            if (Try(target, input) is { } what)
            {
                return (new Finding(input, what), rounds);
            }
        }
        return (null, rounds);
    }

    private static string? Try(Target target, byte[] input)
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
        return allocated > FixedAllocation + (AllocationPerByte * input.Length) ? $"allocated {allocated} bytes for {input.Length}" : null;
    }
}
