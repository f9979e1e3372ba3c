using System.Globalization;
using Guardian.Fuzz;

// guardian-fuzz [TARGET] [SECONDS] [SEED] [ROUNDS]: by default all targets, one minute each.
var seconds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 60;
var seed = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : Environment.TickCount;
var rounds = args.Length > 3 ? long.Parse(args[3], CultureInfo.InvariantCulture) : long.MaxValue;
if (Fuzzer.Run(Targets.Canary, seed, TimeSpan.FromSeconds(30)).Finding is null)
{
    await Console.Error.WriteLineAsync("fuzz: error: the fuzzer did not catch the canary, so it is broken itself").ConfigureAwait(false);
    return 3;
}
var isClean = true;
foreach (var target in Targets.All.Where(target => args.Length == 0 || args[0] == "all" || args[0] == target.Name))
{
    var (finding, done) = Fuzzer.Run(target, seed, TimeSpan.FromSeconds(seconds), rounds);
    Console.WriteLine($"{target.Name}: {done} inputs, seed {seed}: {(finding is null ? "nothing found" : "FOUND")}");
    if (finding is not null)
    {
        isClean = false;
        Console.WriteLine($"{finding.Problem}\ninput, base64: {Convert.ToBase64String(finding.Input)}");
    }
}
return isClean ? 0 : 1;
