using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation.RaTls;
using Guardian.Bench.Cas;
using Guardian.Cas.Client;
using Guardian.Simulation;

// guardian-bench-cas [SECONDS]: what an admission costs beside the signature checks it needs, and how many a second two cores make, each durable before it is answered.
var duration = TimeSpan.FromSeconds(args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 5);
using var bench = new Bench();
await bench.Service.CreateAsync(Encoding.UTF8.GetBytes(bench.Session), bench.Owner).ConfigureAwait(false);
var request = new ConfigurationRequest("bench", "web");

// A CAS runs for months: what the runtime compiles meanwhile is none of its costs.
await ProcessorTimeAsync(2 * duration, i => bench.Service.ConfigureAsync(request, bench.Certificate(i))).ConfigureAwait(false);

// Rounds alternate, so that a busy machine disturbs all alike; processor time, median.
var floor = new List<double>();
var evidence = new List<double>();
var admission = new List<double>();
for (var round = 0; round < 9; round++)
{
    floor.Add(await ProcessorTimeAsync(duration / 9 / 3, _ => { bench.Floor(); return Task.CompletedTask; }).ConfigureAwait(false));
    evidence.Add(await ProcessorTimeAsync(duration / 9 / 3, i => { Demand(RaTlsVerifier.Verify(bench.Certificate(i), Bench.Now, SimulatedPlatforms.Verifier).Value is not null); return Task.CompletedTask; }).ConfigureAwait(false));
    admission.Add(await ProcessorTimeAsync(duration / 9 / 3, i => bench.Service.ConfigureAsync(request, bench.Certificate(i))).ConfigureAwait(false));
}
Row($"floor: {Bench.SignatureCount} signatures of P-256 checked", Median(floor));
Row("evidence of an enclave verified", Median(evidence));
Row("admission alone: verified, noted on disk, configured", Median(admission));

var (admissions, shared) = await RateAsync(duration, 64, (_, i) => bench.Service.ConfigureAsync(request, bench.Certificate(i))).ConfigureAwait(false);
Row("admission among 64, who share commits", shared);
var isMet = Judge("admission alone / floor", Median(admission) / Median(floor), atMost: 3);
isMet &= Judge("admission among 64 / floor", shared / Median(floor), atMost: 3);
isMet &= Judge("admissions a second, two cores, durable", admissions, atLeast: 500);

var tags = new byte[]?[64];
var (moves, _) = await RateAsync(duration, 64, async (writer, _) =>
{
    var next = RandomNumberGenerator.GetBytes(32);
    Demand((await bench.Service.SetTagAsync(new TagChange("bench", $"tag{writer}", tags[writer], next), bench.Certificate(writer)).ConfigureAwait(false)).Moved);
    tags[writer] = next;
}).ConfigureAwait(false);
Row("moves of 64 tags a second, durable", moves);
return isMet ? 0 : 1;

static async Task<double> ProcessorTimeAsync(TimeSpan duration, Func<int, Task> work)
{
    var (clock, before) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
    var count = 0;
    for (; clock.Elapsed < duration || count == 0; count++)
    {
        await work(count).ConfigureAwait(false);
    }
    return (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / count;
}

static async Task<(double PerSecond, double Microseconds)> RateAsync(TimeSpan duration, int writers, Func<int, int, Task> work)
{
    var (clock, before) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
    var counts = await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
    {
        var count = 0;
        for (; clock.Elapsed < duration; count++)
        {
            await work(writer, (writer * 7919) + count).ConfigureAwait(false);
        }
        return count;
    }))).ConfigureAwait(false);
    return (counts.Sum() / clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / counts.Sum());
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

static void Row(string what, double value) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {what,-60} {value,10:F1}"));

static void Demand(bool holds)
{
    if (!holds)
    {
        throw new InvalidOperationException("a measured call failed");
    }
}

static bool Judge(string what, double value, double atMost = double.MaxValue, double atLeast = 0)
{
    var isMet = value <= atMost && value >= atLeast;
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {what,-60} {value,10:F2}    {(atLeast > 0 ? $"at least {atLeast}" : $"at most {atMost}")}: {(isMet ? "met" : "NOT MET")}"));
    return isMet;
}
