using System.Diagnostics;
using System.Globalization;
using Guardian.CleanRoom.Base;

namespace Guardian.Bench.CleanRoom;

/// <summary>The room without peers, for data that would leave them no memory.</summary>
internal static class Alone
{
    private const int Times = 3;

    public static void Run(string directory, int rows, int mebibytes, int threads)
    {
        using var room = new Room(directory, rows, WorkingSet.FromMebibytes(mebibytes));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{rows:N0} x {rows:N0} rows, {threads} threads, working set {mebibytes:N0} MiB; "
            + $"{room.Layout.BucketCount} buckets, {room.Size / 1_000_000:N0} MB of data"));
        room.Upload("a", new Table(rows, 0, 1));
        room.Upload("b", new Table(rows, rows / 2, 2));
        GC.Collect();
        Show("receive the chunks", room.Receive);
        Show("ingest", room.Ingest);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  persons in both: {room.Count(threads):N0}"));
        foreach (var (name, question) in new (string, Action)[]
        {
            ("count", () => room.Count(threads)),
            ("10 % x 1 % filter", () => room.Filter(threads)),
            ("crosstab 10 x 10", () => room.Crosstab(threads)),
        })
        {
            for (var round = 0; round < Times; round++)
            {
                Show(name, question);
            }
        }
        using var process = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  memory now, with the bench's own: {process.WorkingSet64 / 1_000_000:N0} MB"));
    }

    private static void Show(string name, Action work) => Rounds.Show(name, Rounds.Once(work));
}
