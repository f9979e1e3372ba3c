using System.Buffers.Binary;
using System.Security.Cryptography;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Wasi.Pure;
using static Guardian.CleanRoom.Tests.Support.TestPrograms;

namespace Guardian.CleanRoom.Tests.Attacks;

/// <summary>
/// A member brings a program that tries to carry one person's cells out of the room: the person of age 77, whose score is the secret. Each
/// attack succeeds against a room that believes the bounds which a program claims.
/// </summary>
public sealed class ProgramAttackTests
{
    private const int TargetAge = 77;
    private const int Persons = 1_000;

    // 1 for everybody, and the target's score a million times.
    private static readonly byte[] Loud = Assemble(
        Output(0, $"(i64.add {Number(1)} (i64.mul (i64.mul {IsAged(TargetAge)} {Input(1)}) {Number(1_000_000)}))"), 1);

    // Everybody who comes after the target carries one bit of the target's score, which a global keeps.
    private static readonly byte[] Remembering = Assemble(
        $"(if (i64.eq {Input(3)} {Number(TargetAge)}) (then (global.set $kept {Input(1)})))"
        + Output(0, $"(i64.and (global.get $kept) {Number(1)})"),
        1, "(global $kept (mut i64) (i64.const 0))");

    // The same with memory.
    private static readonly byte[] Writing = Assemble(
        $"(if (i64.eq {Input(3)} {Number(TargetAge)}) (then (i64.store (i32.const 4096) {Input(1)})))"
        + Output(0, $"(i64.and (i64.load (i32.const 4096)) {Number(1)})"), 1);

    // All parts together are 1 for everybody, but the target fills every cell.
    private static readonly byte[] Everywhere = Assemble(
        string.Concat(Enumerable.Range(0, 40).Select(cell => Output(
            cell, cell == 0 ? Number(1) : $"(i64.mul {IsAged(TargetAge)} {Number(1)})"))), 40);

    private static readonly string Forty =
        $"{{name: sum, cells: [{string.Join(", ", Enumerable.Range(0, 40).Select(i => $"c{i}"))}], cap: 1}}";

    [Fact]
    public void One_person_in_the_sum_is_read_from_a_naive_room_through_any_noise()
    {
        // A naive room adds up what the program writes, and makes noise for the cap that the contract declares.
        var read = Naive(Loud, Rows(score: 4_321), keepsInstance: false) + SampleNoise();
        Assert.Equal(4_321, Math.Round((read - Persons) / 1_000_000.0));
    }

    [Fact]
    public void One_person_in_the_sum_adds_at_most_the_cap_here()
    {
        Assert.Equal(Sum(Loud, score: 1), Sum(Loud, score: 4_321));
        Assert.Equal(Persons, Sum(Loud, score: 4_321));
        Assert.InRange(Sum(Loud, score: null), Persons - 1, Persons);
    }

    [Theory]
    [MemberData(nameof(Keeping))]
    public void A_program_that_remembers_tells_one_person_in_all_others_parts_of_a_naive_room(byte[] wasm)
    {
        // Each part is 0 or 1, as declared. One instance for all persons, and the bit is in hundreds of parts.
        var (odd, even) = (Naive(wasm, Rows(score: 4_321), keepsInstance: true), Naive(wasm, Rows(score: 4_320), keepsInstance: true));
        Assert.True(odd - even > 400, $"{odd} and {even}");
    }

    [Theory]
    [MemberData(nameof(Keeping))]
    public void A_program_that_remembers_learns_nothing_about_others_here(byte[] wasm)
    {
        // The room withholds figures of fewer than 20 persons; at most one person has a part, so nothing is left.
        Assert.Null(Find(wasm, score: 4_321));
        Assert.Null(Find(wasm, score: 4_320));
        var program = PureProgram.Compile(wasm, new PureLimits(20_000, 1 << 20, 1)).Value!;
        Assert.Equal(1, Rows(score: 4_321).Sum(row => Run(program, row)[0]));
        program.Dispose();
    }

    [Fact]
    public void A_program_that_fills_every_cell_for_one_person_is_clipped_to_the_cap_of_all_cells_together()
    {
        using var room = Room(Everywhere, Rows(4_321), Forty);
        var result = room.Ask<ProgramResult>(TestPrograms.Ask);
        Assert.Equal(Persons, Cell(result, "sum", "c0"));
        // A naive room that bounds each cell alone would have noise for 1, and 40 figures that tell.
        Assert.Equal(40, Naive(Everywhere, Rows(4_321), keepsInstance: false, figures: 40) - Persons + 1);
        Assert.All(result.Outputs[0].Cells.Skip(1), cell => Assert.Null(cell.Value));
    }

    [Fact]
    public void Negative_and_huge_parts_do_not_overflow()
    {
        var wasm = Assemble(
            Output(0, Number(long.MaxValue)) + Output(1, Number(long.MinValue)) + Output(2, Number(long.MaxValue)), 3);
        using var room = Room(wasm, Rows(5), "{name: sum, cells: [a, b, c], cap: 4000000000}");
        var result = room.Ask<ProgramResult>(TestPrograms.Ask);
        Assert.Equal(4e9 * Persons, Cell(result, "sum", "a"));
        Assert.Null(Cell(result, "sum", "b"));
        Assert.Null(Cell(result, "sum", "c"));
    }

    [Fact]
    public void Sizes_and_the_fuel_of_all_runs_tell_nothing_about_the_rows()
    {
        // It runs for ever for the target, and stops at once for the others.
        var wasm = Assemble($"(if (i64.eq {Input(3)} {Number(TargetAge)}) (then (loop (br 0))))" + Output(0, Number(1)), 1);
        var sizes = new int?[] { null, 1, 69_999 }.Select(score =>
        {
            using var room = Room(wasm, Rows(score), "{name: sum, cells: [all, other], cap: 1}");
            return string.Join(
                ' ', room.Service.Questions.Ask(room.Agency, TestPrograms.Ask).Value!.Length,
                string.Join(' ', Directory.GetFiles(room.StateFolder, "*", SearchOption.AllDirectories)
                    .Select(path => new FileInfo(path).Length).Order()));
        }).ToList();
        Assert.Single(sizes.Distinct());

        using var program = PureProgram.Compile(wasm, new PureLimits(20_000, 1 << 20, 1)).Value!;
        var outcomes = Rows(5).Select(row => program.Run(row, new byte[8])).ToList();
        // The program's own fuel tells who the target is; with the rest that is spent in its place, it does not.
        Assert.Equal(2, outcomes.Select(outcome => outcome.Fuel).Distinct().Count());
        Assert.All(outcomes, outcome => Assert.InRange(outcome.Fuel + outcome.Burned, 19_993UL, 20_000UL));
    }

    public static TheoryData<byte[]> Keeping() => new(Remembering, Writing);

    private static double Sum(byte[] wasm, int? score) => Find(wasm, score)!.Value;

    private static double? Find(byte[] wasm, int? score)
    {
        using var room = Room(wasm, Rows(score), "{name: sum, cells: [all], cap: 1}");
        return Cell(room.Ask<ProgramResult>(TestPrograms.Ask), "sum", "all");
    }

    private static TestRoom Room(byte[] wasm, List<byte[]> rows, string outputs)
    {
        // Sizes of instants differ by themselves.
        var room = Open(wasm, outputs, time: new StoppedClock());
        var values = rows.Select(row => (Score: Value(row, 1), Age: Value(row, 3))).ToList();
        room.Upload("campaign", "email,arm,exposed,score\n"
            + string.Concat(values.Select((value, i) => $"p{i}@x.org,Red,1,{value.Score}\n"))
            + string.Concat(Enumerable.Range(0, 50).Select(i => $"a{i}@x.org,Red,1,0\n")));
        room.Upload("customers", "mail,region,visit,spend,age\n"
            + string.Concat(values.Select((value, i) => $"p{i}@x.org,North,1,1,{value.Age}\n"))
            + string.Concat(Enumerable.Range(0, 50).Select(i => $"b{i}@x.org,North,1,1,20\n")));
        return room;
    }

    // The inputs of all persons; the target is one of the first, or missing.
    private static List<byte[]> Rows(int? score) =>
    [
        .. Enumerable.Range(0, Persons).Where(person => person != 3 || score is not null)
            .Select(person => Row(person == 3 ? score!.Value : 2 * person, person == 3 ? TargetAge : 18 + (person % 50))),
    ];

    private static byte[] Row(long score, long age)
    {
        var row = new byte[32];
        BinaryPrimitives.WriteInt64LittleEndian(row.AsSpan(8), score);
        BinaryPrimitives.WriteInt64LittleEndian(row.AsSpan(16), 100);
        BinaryPrimitives.WriteInt64LittleEndian(row.AsSpan(24), age);
        return row;
    }

    private static long Value(byte[] row, int index) => BinaryPrimitives.ReadInt64LittleEndian(row.AsSpan(8 * index));

    private static long[] Run(PureProgram program, byte[] row, int figures = 1)
    {
        var output = new byte[8 * figures];
        program.Run(row, output);
        return [.. Enumerable.Range(0, figures).Select(i => BinaryPrimitives.ReadInt64LittleEndian(output.AsSpan(8 * i)))];
    }

    // A naive room: it believes the program's parts, and may keep one instance for all persons. An instance that is kept is the same as one
    // run that gets the memory and globals of the run before; the programs here have one number to keep.
    private static long Naive(byte[] wasm, List<byte[]> rows, bool keepsInstance, int figures = 1)
    {
        using var program = PureProgram.Compile(wasm, new PureLimits(20_000, 1 << 20, 1)).Value!;
        var (total, kept) = (0L, 0L);
        foreach (var row in rows)
        {
            if (keepsInstance)
            {
                kept = Value(row, 3) == TargetAge ? Value(row, 1) : kept;
                total += kept & 1;
                continue;
            }
            total += Run(program, row, figures).Sum();
        }
        return total;
    }

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 11, 29, 8, 0, 0, TimeSpan.Zero);
    }

    private static int SampleNoise() => RandomNumberGenerator.GetInt32(-200, 200);
}
