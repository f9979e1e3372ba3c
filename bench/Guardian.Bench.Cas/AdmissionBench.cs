using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation.RaTls;
using Guardian.Cas.Client.Protocol;
using Guardian.Simulation;
using static Guardian.Bench.Cas.Measurement;

namespace Guardian.Bench.Cas;

/// <summary>
/// Compares the cost of an admission with the signature checks that it needs, and counts the admissions and tag moves a second on two
/// cores, each durable before its answer.
/// </summary>
internal static class AdmissionBench
{
    public static async Task<bool> RunAsync(TimeSpan duration)
    {
        using var bench = new Bench();
        var created = await bench.Services.Sessions.CreateAsync(Encoding.UTF8.GetBytes(bench.Session), bench.Owner).ConfigureAwait(false);
        Expect(created.Value is not null);
        var request = new ConfigurationRequest("bench", "web");

        // A CAS runs for months, so compilation at its start does not count.
        await MeasureAsync(2 * duration, AdmitAsync).ConfigureAwait(false);

        // Rounds alternate, so that a busy machine disturbs all measurements equally. The result is the median of the processor time.
        var floor = new List<double>();
        var evidence = new List<double>();
        var admission = new List<double>();
        for (var round = 0; round < 9; round++)
        {
            floor.Add(await MeasureAsync(duration / 9 / 3, CheckSignaturesAsync).ConfigureAwait(false));
            evidence.Add(await MeasureAsync(duration / 9 / 3, VerifyAsync).ConfigureAwait(false));
            admission.Add(await MeasureAsync(duration / 9 / 3, AdmitAsync).ConfigureAwait(false));
        }
        Row($"floor: {Bench.SignatureCount} signatures of P-256 checked", Median(floor));
        Row("evidence of an enclave verified", Median(evidence));
        Row("admission alone: verified, logged on disk, configured", Median(admission));

        var (admissions, shared) = await MeasureRateAsync(duration, 64, (_, i) => AdmitAsync(i)).ConfigureAwait(false);
        Row("admission among 64, who share commits", shared);
        var isMet = Judge("admission alone / floor", Median(admission) / Median(floor), atMost: 3);
        isMet &= Judge("admission among 64 / floor", shared / Median(floor), atMost: 3);
        isMet &= Judge("admissions a second, two cores, durable", admissions, atLeast: 500);

        var tags = new byte[]?[64];
        var (moves, _) = await MeasureRateAsync(duration, 64, async (writer, _) =>
        {
            var next = RandomNumberGenerator.GetBytes(32);
            var change = new TagChange("bench", $"tag{writer}", tags[writer], next);
            var (outcome, _) = await bench.Services.Admissions.SetTagAsync(change, bench.Certificate(writer)).ConfigureAwait(false);
            Expect(outcome?.Moved == true);
            tags[writer] = next;
        }).ConfigureAwait(false);
        Row("moves of 64 tags a second, durable", moves);
        return isMet;

        Task CheckSignaturesAsync(int i)
        {
            bench.CheckSignatures();
            return Task.CompletedTask;
        }

        Task VerifyAsync(int i)
        {
            Expect(RaTlsVerifier.Verify(bench.Certificate(i), Bench.Now, SimulatedPlatforms.Verifier).Value is not null);
            return Task.CompletedTask;
        }

        async Task AdmitAsync(int i) => Expect(
            (await bench.Services.Admissions.ConfigureAsync(request, bench.Certificate(i)).ConfigureAwait(false)).Value is not null);
    }
}
