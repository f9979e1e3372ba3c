using System.Diagnostics;
using static Guardian.Bench.Cas.Measurement;

namespace Guardian.Bench.Cas;

/// <summary>Starts many enclaves at once, as a cluster does after a power cut, through the real server and its TLS.</summary>
internal static class StartBench
{
    public static async Task<bool> RunAsync(int count)
    {
        using var server = await CasServer.StartAsync(connections: Math.Max(1_000, 4 * count)).ConfigureAwait(false);
        // A cluster does not come back to a CAS that has served nobody since its start.
        for (var i = 0; i < 20; i++)
        {
            await server.AdmitAsync().ConfigureAwait(false);
        }
        var before = server.ProcessorTime;
        var clock = Stopwatch.StartNew();
        var times = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => Task.Run(server.AdmitAsync))).ConfigureAwait(false);
        var (all, processor) = (clock.Elapsed.TotalSeconds, (server.ProcessorTime - before).TotalMilliseconds);
        Row($"{count:N0} enclaves at once: all admitted after, s", all);
        Row("half of them after, s", Percentile(times, 0.5));
        Row("99 of 100 after, s", Percentile(times, 0.99));
        Row("admissions a second, enclaves on the same processors", count / all);
        Row("processor time of the CAS for each, ms", processor / count);
        // An enclave that is told to retry fails the bench, so all of them were admitted at the first attempt.
        return true;
    }
}
