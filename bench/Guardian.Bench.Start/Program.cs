using System.Globalization;
using Guardian.Bench.Start;

// guardian-bench-start [ROUNDS]: measures the time from the start of a process to the first output of a program that writes at once,
// alternately with the .NET runtime and with the native files of deploy/native/build. Run it in the repository, after
// `dotnet build src/client/Guardian.Cli -c Release` and `deploy/native/build`.
// guardian-bench-start compiled MODULE: compares attested starts of a large program, whose first output is '!', with those of a trivial
// one. Both were compiled by their owner; the large one also starts once as a module, which its enclave compiles.
// guardian-bench-start streams [MEBIBYTES]: sends data through a program and back, plainly and through encrypted streams.
const double goalMilliseconds = 30;

if (args is ["streams", ..])
{
    return await StreamsBench.RunAsync(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1024).ConfigureAwait(false);
}

if (args is ["compiled", var module])
{
    return await CompiledBench.RunAsync(module).ConfigureAwait(false);
}

var rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 15;
var managed = Installation.Managed(Environment.CurrentDirectory);
var native = Installation.Native(Environment.CurrentDirectory);
foreach (var (program, folder) in native.Folders)
{
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{program,-18} native {Mebibytes(folder),6:F1} MiB, for .NET {Mebibytes(managed.Folders[program]),6:F1} MiB without the runtime"));
}

using var session = await AttestedSession.StartAsync(managed, native, BenchProgram.FirstByte).ConfigureAwait(false);
var rows = new[]
{
    ("guardian run, plain", managed.StartRun(session.Plain), native.StartRun(session.Plain), true),
    ("guardian run, attested", managed.StartRun(session.Attested), native.StartRun(session.Attested), false),
    ("guardian-runtime, attested", managed.StartRuntime(session.Runtime), native.StartRuntime(session.Runtime), false),
};
var isMet = true;
foreach (var (name, throughDotnet, nativeFile, hasGoal) in rows)
{
    var (slow, fast) = (new List<double>(), new List<double>());
    for (var i = 0; i <= rounds; i++)
    {
        // The first round fills the machine's caches.
        var (first, second) = (session.MeasureFirstByte(throughDotnet), session.MeasureFirstByte(nativeFile));
        if (i > 0)
        {
            slow.Add(first);
            fast.Add(second);
        }
    }
    var (nativeMedian, managedMedian) = (Median(fast), Median(slow));
    var isGood = nativeMedian <= goalMilliseconds;
    isMet &= !hasGoal || isGood;
    var goal = hasGoal ? $", at most {goalMilliseconds:F0} ms: {(isGood ? "met" : "NOT MET")}" : "";
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{name,-28} native {nativeMedian,6:F1} ms (best {fast.Min(),6:F1})  .NET {managedMedian,6:F1} ms (best {slow.Min(),6:F1})  "
        + $"{managedMedian / nativeMedian,4:F1} times{goal}"));
}
return isMet ? 0 : 1;

static double Mebibytes(string folder) =>
    new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) / 1048576.0;

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
