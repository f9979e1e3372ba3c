using System.Globalization;
using Guardian.Attestation.Verification;
using Guardian.Bench.Attestation;

// guardian-bench-attestation [SECONDS]: the time of a verification, beside its unavoidable signatures and beside peers.
// Processor time, median of alternating rounds, so that a busy machine disturbs all alike.
var duration = TimeSpan.FromSeconds(args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 10);
var isMet = true;
var workloads = new[] { "sgx3-processor-cfg-and-swh", "tdx4-uptodate" }.Select(name => new Workload(name)).ToList();
WarmUp();
foreach (var workload in workloads)
{
    using var known = new QuoteVerifier(VerifierOptions.IntelOnly);
    var rounds = new Rounds(duration);
    var floor = rounds.Add("floor: 5 imports, 10 verifications", workload.VerifyAll);
    var cold = rounds.Add("cold", () => VerifyCold(workload));
    var oneFloor = rounds.Add("floor: 1 verification", workload.VerifyOne);
    var repeated = rounds.Add(
        "warm, known attestation key",
        () => Workload.ThrowIfRefused(known.Verify(workload.Quote, workload.Collateral, workload.At)));
    var peers = Peer.StartAll(workload);
    var rows = peers.Select(peer => rounds.Add(peer.Name, peer.Measure)).ToList();
    rounds.Run();

    Print($"{Path.GetFileName(workload.Folder)}: {workload.Quote.Length} bytes", rounds);
    isMet &= Judge("cold / floor", cold.Median / floor.Median, atMost: 1.15);
    isMet &= Judge("known key / floor", repeated.Median / oneFloor.Median, atMost: 1.2);
    foreach (var (peer, row) in peers.Zip(rows))
    {
        isMet &= Judge($"{peer.Name} / cold", row.Median / cold.Median, atLeast: peer.IsNative ? 1 : 5);
        peer.Dispose();
    }
}

// A known platform with new attestation keys.
using (var fresh = new FreshKeys())
{
    var rounds = new Rounds(duration);
    var floor = rounds.Add("floor: 1 import, 2 verifications", fresh.VerifySignatures);
    var warm = rounds.Add("warm, new attestation key", fresh.Verify);
    rounds.Run();
    Print("synthetic platform, a new attestation key each time", rounds);
    isMet &= Judge("warm / floor", warm.Median / floor.Median, atMost: 1.3);
}
return isMet ? 0 : 1;

// A service verifies for months, so the bench measures compiled code. The pauses let the background compiler finish.
void WarmUp()
{
    for (var i = 0; i < 3_000; i++)
    {
        foreach (var workload in workloads)
        {
            VerifyCold(workload);
        }
        if (i % 500 == 0)
        {
            Thread.Sleep(500);
        }
    }
}

static void VerifyCold(Workload workload) =>
    Workload.ThrowIfRefused(QuoteVerifier.Verify(workload.Quote, workload.Collateral, workload.At, VerifierOptions.IntelOnly));

static void Print(string title, Rounds rounds)
{
    Console.WriteLine(title);
    foreach (var each in rounds.All)
    {
        var allocated = each.Allocated > 0 ? string.Create(CultureInfo.InvariantCulture, $"{each.Allocated,8} bytes allocated") : "";
        var time = each.Median.TotalMicroseconds;
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"  {each.Name,-36} {time,9:F1} us {1e6 / time,9:F0}/s {allocated}"));
    }
}

static bool Judge(string name, double ratio, double atMost = double.MaxValue, double atLeast = 0)
{
    var isMet = ratio <= atMost && ratio >= atLeast;
    var bound = atLeast > 0
        ? string.Create(CultureInfo.InvariantCulture, $"at least {atLeast}")
        : string.Create(CultureInfo.InvariantCulture, $"at most {atMost}");
    Console.WriteLine(
        string.Create(CultureInfo.InvariantCulture, $"  {name,-36} {ratio,9:F2}    {bound}: {(isMet ? "met" : "NOT MET")}"));
    return isMet;
}
