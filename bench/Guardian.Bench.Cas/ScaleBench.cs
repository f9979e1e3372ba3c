using System.Globalization;
using System.Text;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Statements;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Host;
using Guardian.Cas.Store;
using Guardian.Simulation;
using static Guardian.Bench.Cas.Measurement;

namespace Guardian.Bench.Cas;

/// <summary>Measures the cost of a new session in small and large stores, and the start with a large one.</summary>
internal static class ScaleBench
{
    // A creator's quota.
    private const int SessionsOfKey = 1_000;
    private const int Measured = 500;

    public static async Task<bool> RunAsync(int count)
    {
        var folder = Directory.CreateTempSubdirectory("guardian-bench-");
        try
        {
            var code = folder.CreateSubdirectory("cas");
            await File.WriteAllTextAsync(Path.Combine(code.FullName, "code"), "cas").ConfigureAwait(false);
            using var cas = SimulatedPlatforms.Launch(
                code.FullName, Path.Combine(folder.FullName, "machine"), EnclaveProduct.Cas, epcSize: null);
            using var owner = IdentityKey.Create();
            var database = Path.Combine(folder.FullName, "cas.sqlite");
            var costs = new List<double>();
            AuditState log;
            using (var vault = Open(cas, database, owner, known: null))
            {
                var services = new CasServices(vault, SimulatedPlatforms.Verifier, TimeProvider.System);
                var made = 0;
                // The first creates compile the code.
                made = await FillAsync(services, made, 5 * Measured).ConfigureAwait(false);
                var warm = await MeasureCreatesAsync(services, made).ConfigureAwait(false);
                made += Measured;
                Row($"create with {made:N0} sessions: processor, us", warm);
                costs.Add(warm);
                for (var size = 10_000; size <= count; size *= 10)
                {
                    made = await FillAsync(services, made, size).ConfigureAwait(false);
                    costs.Add(await MeasureCreatesAsync(services, made).ConfigureAwait(false));
                    made += Measured;
                    Row($"create with {size:N0} sessions: processor, us", costs[^1]);
                }
                log = vault.Log;
            }
            // The key's file keeps the state of the log. Without it, as after a recovery, each line is verified in full.
            var start = MeasureStart(cas, database, log);
            Row($"start with {count:N0} sessions after a recovery: processor, s", MeasureStart(cas, database, known: null));
            // The first figure may still have some compilation in it, which would hide a growth.
            var least = costs.Take(Math.Max(1, costs.Count - 1)).Min();
            var isFlat = Judge("cost of the last create / the cheapest before", costs[^1] / least, atMost: 1.5);
            return Judge($"start with {count:N0} sessions: processor, s", start, atMost: 2) && isFlat;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static double MeasureStart(EnclaveProcess cas, string database, AuditState? known)
    {
        GC.Collect();
        var before = Environment.CpuUsage.TotalTime;
        using var vault = Open(cas, database, owner: null, known);
        return (Environment.CpuUsage.TotalTime - before).TotalSeconds;
    }

    private static Vault Open(EnclaveProcess cas, string database, IdentityKey? owner, AuditState? known) => Vault.Open(
        SqliteRowStore.Open(database),
        new HeldKey(new StoreKey(new byte[StoreKey.Size]), KeyOrigin.Made, Log: known?.Log, Known: known),
        new AuditKey(StatementSigner.Create(cas.Quotes, EvidenceContext.CasAudit)),
        LogRules.For(cas.Enclave, SimulatedPlatforms.Verifier), TimeProvider.System,
        first: owner is null ? null : new FirstOwners([owner.PublicKey], 1));

    private static async Task<int> FillAsync(CasServices services, int from, int to)
    {
        await Parallel.ForEachAsync(
            Enumerable.Range(from, Math.Max(0, to - from)), new ParallelOptions { MaxDegreeOfParallelism = 64 },
            async (i, _) => await CreateAsync(services, i).ConfigureAwait(false)).ConfigureAwait(false);
        return Math.Max(from, to);
    }

    private static async Task<double> MeasureCreatesAsync(CasServices services, int from)
    {
        var before = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < Measured; i++)
        {
            await CreateAsync(services, from + i).ConfigureAwait(false);
        }
        return (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / Measured;
    }

    private static async Task CreateAsync(CasServices services, int i)
    {
        var key = BitConverter.GetBytes(i / SessionsOfKey);
        var session = string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            name: tenant-{{i}}
            services:
              - name: web
                command: serve --token $$GUARDIAN::token$$
                environment: {KEY: "$$GUARDIAN::key:hex$$"}
                attestation: [{mrenclave: [1111111111111111111111111111111111111111111111111111111111111111]}]
                volumes: [{name: data, path: /data}]
            volumes:
              - {name: data}
            secrets:
              - {name: key, kind: binary, size: 32}
              - {name: token, kind: ascii, size: 20}

            """);
        Expect((await services.Sessions.CreateAsync(Encoding.UTF8.GetBytes(session), key).ConfigureAwait(false)).Value is not null);
    }
}
