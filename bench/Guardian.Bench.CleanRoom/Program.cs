using System.Globalization;
using Guardian.Bench.CleanRoom;
using Guardian.CleanRoom.Base;

// guardian-bench-clean-room [ROWS [ROUNDS]]: questions over two data sets of that many rows each, with half of the persons in both, beside
// DuckDB on the same rows in memory. Every figure is a median of rounds that alternate with the others. ROWS alone MIB: only the room, with
// a working set of that size. ROWS matching IDENTIFIERS ROUNDS: matching by several identifiers beside as many exact passes. ROWS costs
// ROUNDS: segments, clusters, the auditor and programs. ROWS hashing ROUNDS: tags of identifiers on the partner's side.
var rows = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 10_000_000;
var isAlone = args.Length > 2 && args[1] == "alone";
var isMatching = args.Length > 3 && args[1] == "matching";
var isCosts = args.Length > 2 && args[1] == "costs";
var isHashing = args.Length > 2 && args[1] == "hashing";
var isWhole = !isAlone && !isMatching && !isCosts && !isHashing;
var rounds = args.Length > 1 && isWhole ? int.Parse(args[1], CultureInfo.InvariantCulture) : 5;
const int Threads = 2;
const int PsiRows = 10_000;
var directory = Directory.CreateTempSubdirectory("guardian-bench-");
try
{
    if (isAlone)
    {
        Alone.Run(directory.FullName, rows, int.Parse(args[2], CultureInfo.InvariantCulture), Threads);
        return 0;
    }
    if (isMatching)
    {
        var (identifiers, times) = (int.Parse(args[2], CultureInfo.InvariantCulture), int.Parse(args[3], CultureInfo.InvariantCulture));
        return Waterfall.Run(directory.FullName, rows, identifiers, times, Threads) ? 0 : 1;
    }
    if (isCosts)
    {
        Costs.Run(directory.FullName, rows, int.Parse(args[2], CultureInfo.InvariantCulture), Threads);
        return 0;
    }
    if (isHashing)
    {
        Hashing.Run(directory.FullName, rows, int.Parse(args[2], CultureInfo.InvariantCulture));
        return 0;
    }
    var (a, b) = (new Table(rows, 0, 1), new Table(rows, rows / 2, 2));
    using var room = new Room(directory.FullName, rows, WorkingSet.FromMebibytes(8_192));
    room.Upload("a", a);
    room.Upload("b", b);
    using var duck = new DuckDbPeer(directory.FullName, Threads);
    duck.Prepare("a", a);
    duck.Prepare("b", b);
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{rows:N0} x {rows:N0} rows, {Threads} threads, DuckDB {duck.Version}; "
        + $"{room.Layout.BucketCount} buckets, {(double)room.Size / (2 * rows):F1} bytes a row in memory and on disk"));

    var measure = new Rounds();
    foreach (var isWide in new[] { true, false })
    {
        var key = isWide ? "128-bit key" : "two-word key";
        measure.Add($"DuckDB load, {key}", () =>
        {
            duck.Load("a", isWide);
            duck.Load("b", isWide);
        });
        measure.Add($"DuckDB count, {key}", () => duck.Count(isWide));
        measure.Add($"DuckDB 10 % x 1 % filter, {key}", () => duck.Filter(isWide));
        measure.Add($"DuckDB crosstab 10 x 10, {key}", () => duck.Crosstab(isWide));
    }
    measure.Add("receive the chunks", room.Receive);
    measure.Add("ingest", room.Ingest);
    measure.Add("count", () => room.Count(Threads));
    measure.Add("10 % x 1 % filter", () => room.Filter(Threads));
    measure.Add("crosstab 10 x 10", () => room.Crosstab(Threads));
    measure.Add("count, 1 thread", () => room.Count(1));
    measure.Add("sums of one column by 10 cells", () => room.Sums(Threads));
    measure.Add("floor: read the memory once", () => Floors.Read(room, Threads));
    measure.Add("floor: AES-256-GCM of as many bytes", () => Floors.Decrypt(room.Size, Threads));
    measure.Run(rounds);

    duck.Load("a", isWide: true);
    duck.Load("b", isWide: true);
    if (room.Count(Threads) != duck.Count(true) || room.Filter(Threads) != duck.Filter(true)
        || !room.Crosstab(Threads).SequenceEqual(duck.Crosstab(true)))
    {
        Console.WriteLine("the answers differ");
        return 1;
    }
    double Best(string question) => Math.Min(
        measure.Median($"DuckDB {question}, 128-bit key"), measure.Median($"DuckDB {question}, two-word key"));
    measure.Judge("count: times the faster of DuckDB's", measure.Median("count"), Best("count"), 20);
    measure.Judge("filter: times the faster of DuckDB's", measure.Median("10 % x 1 % filter"), Best("10 % x 1 % filter"), 1.5);
    measure.Judge("crosstab: times the faster of DuckDB's", measure.Median("crosstab 10 x 10"), Best("crosstab 10 x 10"), 15);
    measure.Judge(
        "first answer, ingest and load included", measure.Median("ingest") + measure.Median("count"), Best("load") + Best("count"), 1);
    Partner.Write(Path.Combine(directory.FullName, "partner.csv"), rows);
    var before = Environment.CpuUsage.TotalTime;
    var elapsed = Rounds.Once(() => Partner.Prepare(room, Path.Combine(directory.FullName, "partner.csv")));
    var processor = (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
    Rounds.Show(
        "partner: CSV to encrypted chunks", elapsed,
        string.Create(CultureInfo.InvariantCulture, $"{processor,9:F1} ms of processor time"));
    measure.Judge("partner: million rows a second and core", processor, rows / 1000.0, 1);
    if (rows >= PsiRows && PsiPeer.Run(PsiRows) is { } psi)
    {
        Rounds.Show($"psi.js, {PsiRows:N0} x {PsiRows:N0}", psi);
    }
    foreach (var (what, question) in new[] { ("count", "count"), ("filter", "10 % x 1 % filter"), ("crosstab", "crosstab 10 x 10") })
    {
        var theirs = Math.Min(
            measure.Processor($"DuckDB {question}, 128-bit key"), measure.Processor($"DuckDB {question}, two-word key"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  {what}, by processor time: {theirs / measure.Processor(question):F2} x"));
    }
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"  two threads are {measure.Median("count, 1 thread") / measure.Median("count"):F2} times as fast as one"));
    return measure.IsMet ? 0 : 1;
}
finally
{
    directory.Delete(recursive: true);
}
