using System.Diagnostics;
using static Guardian.Bench.Cas.Measurement;

namespace Guardian.Bench.Cas;

/// <summary>
/// Measures admissions while strangers do their worst, against admissions without them, in the same run. Rounds alternate, so that a busy
/// machine disturbs both equally.
/// </summary>
internal static class HostileBench
{
    private const int Rounds = 4;

    // A steady arrival of enclaves. Waiting for each answer before the next would hide every pause.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public static async Task<bool> RunAsync(TimeSpan duration)
    {
        using var server = await CasServer.StartAsync(connections: 1_000).ConfigureAwait(false);
        await AdmitForAsync(server, TimeSpan.FromSeconds(Math.Min(5, duration.TotalSeconds))).ConfigureAwait(false);
        var (quiet, hostile) = (new List<double>(), new List<double>());
        using var strangers = new StrangersProcess(server.Address);
        for (var round = 0; round < Rounds; round++)
        {
            quiet.AddRange(await AdmitForAsync(server, duration / Rounds).ConfigureAwait(false));
            strangers.Begin();
            // The strangers first fill their places.
            await Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None).ConfigureAwait(false);
            hostile.AddRange(await AdmitForAsync(server, duration / Rounds).ConfigureAwait(false));
            strangers.End();
        }
        Row("admissions measured without strangers", quiet.Count);
        Row("admissions measured with strangers", hostile.Count);
        foreach (var (answer, count) in strangers.ReadAnswers())
        {
            Row($"strangers: {answer}", count);
        }
        Row("without strangers: p50, ms", Percentile(quiet, 0.5) * 1000);
        Row("without strangers: p99, ms", Percentile(quiet, 0.99) * 1000);
        Row("with strangers: p50, ms", Percentile(hostile, 0.5) * 1000);
        Row("with strangers: p99, ms", Percentile(hostile, 0.99) * 1000);
        Row("lines on standard error of the CAS", server.Errors);
        return Judge("p99 with strangers / without", Percentile(hostile, 0.99) / Percentile(quiet, 0.99), atMost: 2);
    }

    private static async Task<double[]> AdmitForAsync(CasServer server, TimeSpan duration)
    {
        var admissions = new List<Task<double>>();
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < duration;)
        {
            admissions.Add(Task.Run(server.AdmitAsync));
            await Task.Delay(Pause).ConfigureAwait(false);
        }
        return await Task.WhenAll(admissions).ConfigureAwait(false);
    }
}
