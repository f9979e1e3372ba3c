using System.Globalization;
using System.Security.Cryptography;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data.Linking;
using Guardian.CleanRoom.Data.Ordering;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;

namespace Guardian.Bench.CleanRoom;

/// <summary>
/// Matching by several identifiers, beside as many exact passes: in each of those, two data sets of one identifier in any order are sorted
/// in the enclave, and counted. Half of the persons are in both; each identifier is missing in a quarter of the rows.
/// </summary>
internal static class Waterfall
{
    private const long Memory = 1L << 30;

    private static readonly string[] Kinds = ["email", "phone", "customer_id", "maid", "uid2", "euid", "rampid"];

    /// <summary>Measures a number of rows and of identifiers.</summary>
    /// <returns>Whether the goal is met: three times as many exact passes.</returns>
    public static bool Run(string directory, int rows, int passes, int rounds, int threads)
    {
        var contract = ReadContract(rows, passes);
        var layout = RoomLayout.For(contract);
        var (persons, others) = (Rows.Keyed(contract, layout, "a", 0, rows), Rows.Keyed(contract, layout, "b", rows / 2, rows));
        var (first, second) = (Rows.Unsorted(contract, layout, "a", 0, rows), Rows.Unsorted(contract, layout, "b", rows / 2, rows));
        var linker = new IdentityLinker(contract, layout, RandomNumberGenerator.GetBytes(32), Memory);
        var scratch = Path.Combine(directory, "scratch");
        var measure = new Rounds();
        measure.Add("one exact pass", () =>
        {
            var sorted = new[] { first, second }.Select(source =>
            {
                var made = new Rows(contract.FindDataSet(source.DataSet.Name.Split(' ')[0])!, layout.GroupCount);
                Require(new ObliviousSort(layout, source.DataSet, Memory).TryRun(source, scratch, made.Add));
                return made;
            }).ToList();
            Count(layout, sorted, threads);
        });
        measure.Add("check both uploads", () =>
        {
            Require(!linker.HasRepeated(persons, scratch));
            Require(!linker.HasRepeated(others, scratch));
        });
        measure.Add("match both", () =>
        {
            var linked = new[] { persons, others }.Select(source =>
            {
                var made = new Rows(contract.FindDataSet(source.DataSet.Name)!, layout.GroupCount);
                Require(linker.TryLink(source, persons, scratch, made.Add));
                return made;
            }).ToList();
            Count(layout, linked, threads);
        });
        measure.Run(rounds);
        var exact = passes * measure.Median("one exact pass");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rows:N0} x {rows:N0} rows, {passes} identifiers"));
        measure.JudgeCost("match: times as many exact passes", measure.Median("match both"), exact, atMost: 3);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {"check: times as many exact passes",-52} {measure.Median("check both uploads") / exact,9:F2} x"));
        return measure.IsMet;
    }

    private static void Count(RoomLayout layout, List<Rows> sources, int threads) =>
        Require(new MatchEngine(layout, threads).CountCells([.. sources.Select(rows => new SidePlan(rows, [], []))], 1)[0] > 0);

    private static void Require(bool isTrue)
    {
        if (!isTrue)
        {
            throw new InvalidOperationException("a bucket overflowed, or nobody matched");
        }
    }

    private static RoomContract ReadContract(int rows, int passes) => BenchContract.Read(
        "    identifiers:\n" + string.Concat(Kinds.Take(passes).Select(kind => $"      - {{kind: {kind}, column: {kind}}}\n")), rows,
        "persons: a\n");

    /// <summary>Groups in memory.</summary>
    private sealed class Rows(DataSet dataSet, int count) : IGroupSource
    {
        private readonly byte[][] groups = new byte[count][];

        public DataSet DataSet => dataSet;

        public void Add(int group, ReadOnlySpan<byte> plaintext) => groups[group] = plaintext.ToArray();

        public ReadOnlySpan<byte> Read(int group, Span<byte> scratch) => groups[group];

        /// <summary>Makes an upload with all identifiers, of persons with consecutive numbers.</summary>
        public static Rows Keyed(RoomContract contract, RoomLayout layout, string name, int start, int rows)
        {
            var dataSet = contract.FindDataSet(name)!.Keyed();
            var tags = Enumerable.Range(start, rows).Select(person => (Tag: TagOf(person, 63), person)).OrderBy(each => each.Tag).ToList();
            var made = new Rows(dataSet, layout.GroupCount);
            var writer = new GroupWriter(layout, dataSet);
            var codes = new uint[dataSet.Columns.Count];
            for (var (group, next) = (0, 0); group < layout.GroupCount; group++)
            {
                writer.Begin(group);
                for (var lane = 0; lane < RoomLayout.BucketsPerGroup; lane++)
                {
                    var bucket = (group * RoomLayout.BucketsPerGroup) + lane;
                    for (var slot = 0; next < rows && layout.BucketOf(tags[next].Tag.High) == bucket; slot++, next++)
                    {
                        var person = tags[next].person;
                        (codes[0], codes[1]) = ((uint)(person % 10) + 1, (uint)(person % 100) + 1);
                        for (var pass = 0; pass < (codes.Length - 2) / 2; pass++)
                        {
                            var key = TagOf(person, pass).High;
                            var isMissing = (key ^ (ulong)start) % 4 == 0;
                            codes[2 + (2 * pass)] = isMissing ? 0 : (uint)(key >> 32);
                            codes[3 + (2 * pass)] = isMissing ? 0 : (uint)(key & uint.MaxValue);
                        }
                        writer.Write(lane, slot, tags[next].Tag, codes);
                    }
                }
                made.Add(group, writer.Plaintext.Span);
            }
            return made;
        }

        /// <summary>Makes an upload of one identifier in any order.</summary>
        public static Rows Unsorted(RoomContract contract, RoomLayout layout, string name, int start, int rows)
        {
            var plain = contract.FindDataSet(name)!;
            var dataSet = plain.InForm(UploadForm.Unsorted);
            var made = new Rows(dataSet, layout.GroupCount);
            var writer = new GroupWriter(layout, dataSet, UploadForm.Unsorted);
            var slots = layout.UnsortedSlots(plain);
            for (var (group, next) = (0, 0); group < layout.GroupCount; group++)
            {
                writer.Begin(group);
                for (var slot = 0; slot < slots && next < rows; slot++, next++)
                {
                    var person = start + next;
                    writer.Write(
                        slot % RoomLayout.BucketsPerGroup, slot / RoomLayout.BucketsPerGroup, TagOf(person, 0),
                        [(uint)(person % 10) + 1, (uint)(person % 100) + 1]);
                }
                made.Add(group, writer.Plaintext.Span);
            }
            return made;
        }

        // Looks as random as a keyed hash (splitmix64).
        private static Tag TagOf(int person, int pass)
        {
            unchecked
            {
                ulong Mix(ulong value)
                {
                    value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
                    value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
                    return value ^ (value >> 31);
                }
                var seed = (((ulong)person * 64) + (ulong)pass + 1) * 0x9E37_79B9_7F4A_7C15;
                return Identifiers.ToTag(Mix(seed), Mix(seed ^ 0x5555_5555_5555_5555));
            }
        }
    }
}
