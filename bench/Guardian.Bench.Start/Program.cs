using System.Globalization;
using Guardian.Bench.Start;

// guardian-bench-start [ROUNDS]: the time from starting a process to the first output of a program whose first instruction makes it, through the .NET runtime and through
// the native files that deploy/native/build makes, in turn. Run it in the repository, after `dotnet build src/client/Guardian.Cli -c Release` and `deploy/native/build`.
const double askedMilliseconds = 30;

var rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 15;
var managed = Installation.Managed(Environment.CurrentDirectory);
var native = Installation.Native(Environment.CurrentDirectory);
foreach (var (program, folder) in native.Folders)
{
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{program,-18} native {Mebibytes(folder),6:F1} MiB, for .NET {Mebibytes(managed.Folders[program]),6:F1} MiB without the runtime"));
}

using var session = await AttestedSession.StartAsync(managed, native).ConfigureAwait(false);
var rows = new[]
{
    ("guardian run, plain", managed.Run(session.Plain), native.Run(session.Plain), true),
    ("guardian run, attested", managed.Run(session.Attested), native.Run(session.Attested), false),
    ("guardian-runtime, attested", managed.Runtime(session.Runtime), native.Runtime(session.Runtime), false),
};
var isMet = true;
foreach (var (name, throughDotnet, nativeFile, isAsked) in rows)
{
    var (slow, fast) = (new List<double>(), new List<double>());
    for (var i = 0; i <= rounds; i++)
    {
        // The first round warms what the machine caches.
        var (first, second) = (session.TimeToFirstByte(throughDotnet), session.TimeToFirstByte(nativeFile));
        if (i > 0)
        {
            slow.Add(first);
            fast.Add(second);
        }
    }
    var (mine, peer) = (Median(fast), Median(slow));
    isMet &= !isAsked || mine <= askedMilliseconds;
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{name,-28} native {mine,6:F1} ms (best {fast.Min(),6:F1})  .NET {peer,6:F1} ms (best {slow.Min(),6:F1})  {peer / mine,4:F1} times{(isAsked ? $", at most {askedMilliseconds:F0} ms: {(mine <= askedMilliseconds ? "met" : "NOT MET")}" : "")}"));
}
return isMet ? 0 : 1;

static double Mebibytes(string folder) => new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) / 1048576.0;

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
