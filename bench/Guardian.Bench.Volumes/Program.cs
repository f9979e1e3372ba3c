using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using Guardian.Bench.Volumes;

// guardian-bench-volumes [FOLDER] [MEBIBYTES] [ROUNDS]: encrypted files beside gocryptfs, plain files and the cipher alone.
// Contenders take turns within each round, so that a busy machine disturbs all alike. The fastest round of each counts.
// Every write ends with one sync, the same for all. Before reading, each drops its memory; the host's cache of the stored bytes stays.
var parent = args.Length > 0 ? args[0] : Path.GetTempPath();
var root = Directory.CreateDirectory(Path.Combine(parent, $"guardian-bench-{Environment.ProcessId}")).FullName;
var size = (args.Length > 1 ? long.Parse(args[1], CultureInfo.InvariantCulture) : 128) * 1024 * 1024;
var rounds = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 5;
GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
var times = new Dictionary<(string Row, string Contender), List<double>>();
var bytes = new Dictionary<string, long>();
var rows = new List<string>();
var contenders = new List<IContender>();
try
{
    contenders.Add(new VolumeContender(root));
    if (GocryptfsContender.Start(root) is { } gocryptfs)
    {
        contenders.Add(gocryptfs);
    }
    contenders.Add(new FolderContender("plain", Path.Combine(root, "plain")));
    contenders.Add(new CipherContender());
    var shell = SqliteShell.Find();
    for (var round = 0; round < rounds; round++)
    {
        foreach (var contender in contenders)
        {
            RunAll(contender);
            if (shell is not null && contender is not CipherContender)
            {
                RunShell(shell, contender, Path.Combine(root, $"shell-{round}"));
            }
        }
    }
    return Report() ? 0 : 1;
}
finally
{
    contenders.ForEach(contender => contender.Dispose());
    Directory.Delete(root, recursive: true);
}

void RunAll(IContender contender)
{
    foreach (var blockSize in new[] { 4096, 65536 })
    {
        var name = $"{blockSize / 1024,2} KiB";
        contender.Create("file");
        foreach (var isRandom in new[] { false, true })
        {
            var order = isRandom ? "random" : "in order";
            var written = Time(contender, $"{name} write, {order}", size, () => Workloads.Write(contender, blockSize, size, isRandom));
            contender.Reopen();
            var read = Time(contender, $"{name} read, {order}", size, () => Workloads.Read(contender, blockSize, size, isRandom));
            contender.Reopen();
            Note(contender, $"{name} both, {order}", 2 * size, written + read);
        }
        contender.Delete("file");
    }
    if (contender is CipherContender)
    {
        return;
    }
    const long pages = 5_000;
    Time(contender, "database, one large transaction", 0, () => Workloads.Load(contender, pages));
    contender.Reopen();
    Time(contender, "database, query", 0, () => Workloads.Query(contender, 20_000, pages));
    Time(contender, "database, 200 small transactions", 0, () => Workloads.Transactions(contender, 200, 3, pages));
    contender.Delete("database");
}

void RunShell(SqliteShell shell, IContender contender, string folder)
{
    var options = SqliteShell.OptionsFor(contender, folder);
    foreach (var (row, before, script) in SqliteShell.Scripts)
    {
        contender.Reopen();
        Note(contender, row, 0, shell.Run(options, before, script));
    }
}

double Time(IContender contender, string row, long work, Action action)
{
    var start = Stopwatch.GetTimestamp();
    action();
    var time = Stopwatch.GetElapsedTime(start).TotalSeconds;
    Note(contender, row, work, time);
    return time;
}

void Note(IContender contender, string row, long work, double time)
{
    if (!bytes.ContainsKey(row))
    {
        rows.Add(row);
        bytes[row] = work;
    }
    if (!times.TryGetValue((row, contender.Name), out var all))
    {
        times[(row, contender.Name)] = all = [];
    }
    all.Add(time);
}

double Best(string row, string contender) => times.TryGetValue((row, contender), out var all) ? all.Min() : double.NaN;

bool Report()
{
    var isMet = true;
    foreach (var row in rows)
    {
        var figures = contenders.Where(contender => times.ContainsKey((row, contender.Name))).Select(contender =>
        {
            var best = Best(row, contender.Name);
            var figure = bytes[row] > 0 ? $"{bytes[row] / best / 1e6:F0} MB/s" : $"{best * 1000:F0} ms";
            return string.Create(CultureInfo.InvariantCulture, $"{contender.Name} {figure}");
        });
        Console.WriteLine($"{row,-40} {string.Join(", ", figures)}");
        var own = Best(row, "volume");
        var atLeast = bytes[row] == 0 ? 1 : row.StartsWith(" 4", StringComparison.Ordinal) ? 10 : 2;
        isMet &= Judge("times gocryptfs", Best(row, "gocryptfs") / own, atLeast);
        if (row == SqliteShell.WarmTransactions)
        {
            isMet &= Judge("of plain", Best(row, "plain") / own, 1 / 3.0);
        }
        if (row.StartsWith("64", StringComparison.Ordinal))
        {
            isMet &= Judge("of bare AES-GCM", Best(row, "bare AES-GCM") / own, 0.6);
        }
    }
    return isMet;
}

static bool Judge(string what, double ratio, double atLeast)
{
    if (double.IsNaN(ratio))
    {
        return true;
    }
    var isMet = ratio >= atLeast;
    Console.WriteLine(
        string.Create(CultureInfo.InvariantCulture, $"  {ratio,6:F2} {what}, at least {atLeast}: {(isMet ? "met" : "NOT MET")}"));
    return isMet;
}
