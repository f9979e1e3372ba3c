using System.Globalization;
using Guardian.Bench.Wasi;

// guardian-bench-wasi [ROUNDS]: the cost of a host call beside Wasmtime's built-in WASI, as the median of alternating rounds.
var rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 7;
var folder = Directory.CreateTempSubdirectory("guardian-bench-");
var isMet = true;
try
{
    // Each loop is one program. The same program with no turns gives the cost of starting and opening, which is subtracted.
    foreach (var (name, call, count, atLeast) in new[]
    {
        ("clock_time_get", "(call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 16))", 1_000_000, 1.0),
        ("fd_tell", "(call $fd_tell (local.get $file) (i32.const 16))", 1_000_000, 1.0),
        ("fd_pwrite 4 KiB", Programs.Transfer("fd_pwrite", 4096), 20_000, 5.0),
        ("fd_pread 4 KiB", Programs.Transfer("fd_pread", 4096), 20_000, 5.0),
        ("fd_pwrite 64 KiB", Programs.Transfer("fd_pwrite", 65536), 4_000, 1.0),
        ("fd_pread 64 KiB", Programs.Transfer("fd_pread", 65536), 4_000, 1.0),
    })
    {
        var (ours, theirs) = (new List<double>(), new List<double>());
        using var ourLoop = new OurRuns(folder.FullName, Programs.Loop(call, count), Programs.Loop(call, 0));
        using var theirLoop = new BuiltInRuns(folder.FullName, Programs.Loop(call, count), Programs.Loop(call, 0));
        for (var i = 0; i <= rounds; i++)
        {
            var (our, their) = (ourLoop.Measure() / count, theirLoop.Measure() / count);
            if (i > 0)
            {
                ours.Add(our);
                theirs.Add(their);
            }
        }
        var (mine, peer) = (Median(ours), Median(theirs));
        isMet &= peer / mine >= atLeast;
        var verdict = peer / mine >= atLeast ? "met" : "NOT MET";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-18} ours {mine,9:F0} ns  built-in {peer,9:F0} ns  {peer / mine,6:F1} times, at least {atLeast:F1}: {verdict}"));
    }
}
finally
{
    folder.Delete(recursive: true);
}
return isMet ? 0 : 1;

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
