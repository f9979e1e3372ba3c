using System.Buffers.Binary;
using Guardian.Wasi.Engine;
using Guardian.Wasi.Pure;

namespace Guardian.Wasi.Tests;

/// <summary>Programs that run again and again: each run sees its input alone, and costs the same.</summary>
public class PureProgramTests
{
    private const ulong Fuel = 20_000;

    // Reads 16 bytes to address 64, and leaves them there.
    private const string Read =
        """
        (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 16))
        (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 32)))
        """;

    // Writes 16 bytes from address 64.
    private const string Write =
        """
        (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 16))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))
        """;

    // Adds what earlier runs left in memory, in a global and in a table, and leaves something there.
    private const string Remembering =
        Read + """
        (i64.store (i32.const 64) (i64.add (i64.load (i32.const 64)) (i64.load (i32.const 128))))
        (i64.store (i32.const 128) (i64.add (i64.load (i32.const 128)) (i64.const 1000)))
        (i64.store (i32.const 72) (global.get $g))
        (global.set $g (i64.add (global.get $g) (i64.const 1000)))
        """ + Write;

    [Fact]
    public void Each_run_sees_its_own_input_alone()
    {
        using var program = Compile(Remembering, "(global $g (mut i64) (i64.const 0))");
        Assert.All(Enumerable.Range(1, 50), number => Assert.Equal((PureEnd.Done, number, 0), Run(program, number)));
    }

    [Fact]
    public void A_naive_runner_that_keeps_the_instance_tells_one_input_to_the_next()
    {
        // The same program in one instance: the second call adds what the first one left.
        var module = TextGuest.Module(
            Count + Count + "(call $proc_exit (i32.load (i32.const 128)))",
            """(data (i32.const 128) "\00")""");
        Assert.Equal(2U, TextGuest.Run(module).ExitCode);
        using var program = Compile(Read + Count + "(i64.store (i32.const 64) (i64.load (i32.const 128)))" + Write);
        Assert.All(Enumerable.Range(1, 5), number => Assert.Equal((PureEnd.Done, 1, 0), Run(program, number)));
    }

    [Theory]
    // Inputs from 0 to 2 lead to much, little and no work; to a trap, an exit, an endless loop.
    [InlineData("(if (i64.eqz (i64.load (i32.const 64))) (then (loop (br 0))))")]
    [InlineData("(if (i64.eqz (i64.load (i32.const 64))) (then (unreachable)))")]
    [InlineData("(if (i64.eqz (i64.load (i32.const 64))) (then (call $proc_exit (i32.const 3))))")]
    [InlineData("(if (i64.eqz (i64.load (i32.const 64))) (then (call $f)))")]
    [InlineData("(loop (i64.store (i32.const 64) (i64.sub (i64.load (i32.const 64)) (i64.const 1))) "
        + "(br_if 0 (i64.gt_s (i64.load (i32.const 64)) (i64.const 0))))")]
    public void Each_run_costs_the_same_whatever_it_does(string work)
    {
        using var program = Compile(Read + work + Write, "(func $f (call $f))");
        var outcomes = new[] { 0, 1, 700 }.Select(number => Outcome(program, number)).ToList();
        Assert.True(outcomes.Select(outcome => outcome.Fuel).Distinct().Count() > 1, "the program itself tells its input by its fuel");
        Assert.All(outcomes, outcome => Assert.InRange(outcome.Fuel + outcome.Burned, Fuel - PureRunner.FuelPerTurn + 1, Fuel));
    }

    [Theory]
    [InlineData("(loop (br 0))", PureEnd.OutOfFuel)]
    [InlineData("(unreachable)", PureEnd.Trapped)]
    [InlineData("(call $f)", PureEnd.OutOfFuel)]
    [InlineData("(drop (i64.load (i32.const -8)))", PureEnd.Trapped)]
    [InlineData("(call $proc_exit (i32.const 1))", PureEnd.Exited)]
    [InlineData("(call $proc_exit (i32.const 0))", PureEnd.WrongOutput)]
    [InlineData("", PureEnd.WrongOutput)]
    [InlineData(Write + Write, PureEnd.WrongOutput)]
    // A loop of host calls, whose time fuel does not count.
    [InlineData("(loop (drop (call $sched_yield)) (br 0))", PureEnd.Exited)]
    // It fails to get more memory, and stops.
    [InlineData("(if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (unreachable)))" + Write, PureEnd.Trapped)]
    public void A_run_that_fails_gives_zeros(string body, PureEnd end)
    {
        using var program = Compile("(i64.store (i32.const 64) (i64.const 77))" + body, "(func $f (call $f))");
        Assert.Equal((end, 0, 0), Run(program, 5));
        // The next run is as good as any.
        Assert.Equal((end, 0, 0), Run(program, 5));
    }

    [Fact]
    public void There_is_no_clock_no_randomness_no_file_and_no_network()
    {
        string[] calls =
        [
            "(call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 64))", "(call $random_get (i32.const 64) (i32.const 8))",
            "(call $clock_res_get (i32.const 0) (i32.const 64))",
            "(call $poll_oneoff (i32.const 0) (i32.const 128) (i32.const 1) (i32.const 64))",
            "(call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0) (i64.const -1) (i64.const -1) "
                + "(i32.const 0) (i32.const 64))",
            "(call $sock_accept (i32.const 3) (i32.const 0) (i32.const 64))", "(call $fd_prestat_get (i32.const 3) (i32.const 64))",
            "(call $fd_read (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32))",
        ];
        foreach (var call in calls)
        {
            using var program = Compile($"(i64.store (i32.const 72) (i64.extend_i32_u {call}))" + Write);
            var (end, first, error) = Run(program, 5);
            Assert.Equal((PureEnd.Done, 0), (end, first));
            Assert.NotEqual(0, error);
        }
    }

    [Fact]
    public void Standard_error_is_taken_and_forgotten()
    {
        using var program = Compile(Read + Write.Replace("(i32.const 1) (i32.const 0)", "(i32.const 2) (i32.const 0)",
            StringComparison.Ordinal) + Write);
        Assert.Equal((PureEnd.Done, 9, 0), Run(program, 9));
    }

    [Theory]
    [InlineData("""(module (import "env" "send" (func)) (func (export "_start")))""", "env::send")]
    [InlineData("""(module (import "env" "memory" (memory 1)) (func (export "_start")))""", "env::memory")]
    [InlineData("(module)", "_start")]
    [InlineData("""(module (memory 40) (func (export "_start")))""", "2621440 bytes of memory")]
    // One instruction that fills the memory costs as much fuel as an addition, so bulk memory is refused.
    [InlineData("""(module (memory 1) (func (export "_start") (memory.fill (i32.const 0) (i32.const 0) (i32.const 65536))))""", "bulk")]
    public void A_program_that_asks_for_more_is_refused(string module, string words)
    {
        var refusal = PureProgram.Compile(WasmEngine.Assemble(module), Limits).Refusal!;
        Assert.Contains(words, refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_program_are_refused()
    {
        var good = WasmEngine.Assemble(TextGuest.Module(Write));
        // The last section has names for people only, and may be missing.
        Assert.True(Enumerable.Range(0, good.Length).Count(size => Compiles(good.AsSpan(0, size))) <= 1);
        Assert.NotNull(PureProgram.Compile(new byte[PureProgram.MaxSize + 1], Limits).Refusal);
    }

    [Fact]
    public async Task Several_threads_run_at_one_time()
    {
        using var program = Compile(Remembering, "(global $g (mut i64) (i64.const 0))");
        await Parallel.ForAsync(0, 200, TestContext.Current.CancellationToken, (number, _) =>
        {
            Assert.Equal((PureEnd.Done, number, 0), Run(program, number));
            return ValueTask.CompletedTask;
        });
    }

    private const string Count = "(i64.store (i32.const 128) (i64.add (i64.load (i32.const 128)) (i64.const 1)))";

    private static readonly PureLimits Limits = new(Fuel, 2 * 1024 * 1024, 2);

    private static PureProgram Compile(string body, string more = "") =>
        PureProgram.Compile(WasmEngine.Assemble(TextGuest.Module(body, more)), Limits).Value!;

    private static bool Compiles(ReadOnlySpan<byte> wasm)
    {
        using var program = PureProgram.Compile(wasm, Limits).Value;
        return program is not null;
    }

    private static PureOutcome Outcome(PureProgram program, int number)
    {
        var input = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(input, number);
        return program.Run(input, new byte[16]);
    }

    private static (PureEnd End, int First, int Second) Run(PureProgram program, int number)
    {
        var (input, output) = (new byte[16], new byte[16]);
        BinaryPrimitives.WriteInt64LittleEndian(input, number);
        output.AsSpan().Fill(0xAB);
        var end = program.Run(input, output).End;
        return (end, (int)BinaryPrimitives.ReadInt64LittleEndian(output), (int)BinaryPrimitives.ReadInt64LittleEndian(output.AsSpan(8)));
    }
}
