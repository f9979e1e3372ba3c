using System.Text;
using Guardian.Files;
using Guardian.Wasi.Engine;
using Guardian.Wasi.Host;
using Guardian.Wasi.Streams;

namespace Guardian.Wasi.Tests;

/// <summary>Programs start, end by themselves, and are ended.</summary>
public class GuestTests
{
    [Fact]
    public void A_program_that_returns_has_exit_code_0() =>
        Assert.Equal((GuestEnd.Exited, 0U), Ended(TextGuest.Run(TextGuest.Module(""))));

    [Fact]
    public void Every_exit_code_arrives_as_the_program_gave_it() =>
        Assert.All<uint>([0, 1, 3, 125, 126, 134, 255, 256, uint.MaxValue], code =>
            Assert.Equal(
                (GuestEnd.Exited, code),
                Ended(TextGuest.Run(TextGuest.Module($"(call $proc_exit (i32.const {unchecked((int)code)})) unreachable")))));

    [Fact]
    public void Output_of_a_program_arrives()
    {
        var output = new MemoryGuestStream();
        var outcome = TextGuest.Run(
            TextGuest.Module("(drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 100)))",
                """(data (i32.const 0) "\10\00\00\00\05\00\00\00\15\00\00\00\02\00\00\00hello!\n")"""),
            TextGuest.Options(output: output));
        Assert.Equal(GuestEnd.Exited, outcome.End);
        Assert.Equal("hello!\n", Encoding.UTF8.GetString(output.Written));
    }

    [Theory]
    [InlineData("unreachable", "unreachable")]
    [InlineData("(drop (i32.div_u (i32.const 1) (i32.const 0)))", "divide by zero")]
    [InlineData("(drop (i32.load (i32.const -4)))", "out of bounds memory access")]
    public void A_trap_differs_from_every_exit(string body, string message)
    {
        var outcome = TextGuest.Run(TextGuest.Module(body));
        Assert.Equal(GuestEnd.Trapped, outcome.End);
        Assert.Contains(message, outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Endless_recursion_is_a_trap()
    {
        var outcome = TextGuest.Run(TextGuest.Module("(call $f)", "(func $f (call $f))"));
        Assert.Equal(GuestEnd.Trapped, outcome.End);
        Assert.Contains("stack", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_module_with_an_unknown_import_does_not_start()
    {
        var outcome = TextGuest.Run("""(module (import "env" "socket" (func)) (func (export "_start")))""");
        Assert.Equal(GuestEnd.NotStarted, outcome.End);
        Assert.Contains("env::socket", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_is_not_a_program() =>
        Assert.Equal(GuestEnd.NotStarted, TextGuest.Run("""(module (func (export "_start") (param i32)))""").End);

    [Fact]
    public void Bytes_that_are_no_module_are_refused()
    {
        Assert.Equal("not-a-program", TextGuest.Engine.Compile("not wasm"u8).Refusal!.Code);
        Assert.Equal("not-a-program", TextGuest.Engine.Compile([]).Refusal!.Code);
        Assert.Throws<ArgumentException>(() => WasmEngine.Assemble("(module"));
    }

    [Fact]
    public void A_modules_own_start_function_can_call_and_exit()
    {
        const string begin =
            "(func $begin (drop (call $random_get (i32.const 0) (i32.const 8))) (call $proc_exit (i32.const 5))) (start $begin)";
        var outcome = TextGuest.Run(TextGuest.Module("unreachable", begin));
        Assert.Equal((GuestEnd.Exited, 5U), Ended(outcome));
    }

    [Fact]
    public void Without_an_exported_memory_every_address_is_a_fault() =>
        Assert.Equal((GuestEnd.Exited, (uint)FileError.Fault), Ended(TextGuest.Run(
            TextGuest.Module("(call $proc_exit (call $random_get (i32.const 0) (i32.const 1)))", memory: "(memory 1)"))));

    [Fact]
    public void Memory_that_grew_can_be_used_by_the_next_call() =>
        Assert.Equal(0U, TextGuest.Evaluate(
            "(i32.add (i32.sub (memory.grow (i32.const 100)) (i32.const 1)) (call $random_get (i32.const 6000000) (i32.const 65536)))"));

    [Fact]
    public void Memory_does_not_grow_over_its_limit()
    {
        var limits = new GuestLimits { MemorySize = 1 << 20 };
        var outcome = TextGuest.Run(TextGuest.Module("(call $proc_exit (memory.grow (i32.const 100)))"), limits: limits);
        Assert.Equal((GuestEnd.Exited, uint.MaxValue), Ended(outcome));
        outcome = TextGuest.Run(TextGuest.Module("", memory: """(memory (export "memory") 100)"""), limits: limits);
        Assert.Equal(GuestEnd.NotStarted, outcome.End);
    }

    [Theory]
    [InlineData("(drop (i32.load (i32.const 65536)))", GuestEnd.Trapped)]
    [InlineData("(drop (i32.load (i32.const -1)))", GuestEnd.Trapped)]
    [InlineData("(drop (i32.div_s (i32.const 1) (i32.load (i32.const 8))))", GuestEnd.Trapped)]
    [InlineData("(call $deeper)", GuestEnd.Trapped)]
    [InlineData(
        "(drop (memory.grow (i32.const 100))) (i32.store (i32.const 6000000) (i32.const 7)) "
            + "(call $proc_exit (i32.sub (i32.load (i32.const 6000000)) (i32.const 7)))",
        GuestEnd.Exited)]
    public void Without_signals_and_reserved_address_space_programs_trap_and_grow_the_same(string body, GuestEnd end)
    {
        foreach (var fitsEnclave in new[] { false, true })
        {
            using var engine = new WasmEngine(fitsEnclave: fitsEnclave);
            using var module = engine.Compile(WasmEngine.Assemble(TextGuest.Module(body, "(func $deeper (call $deeper))"))).Value!;
            using var host = new WasiHost(TextGuest.Options());
            Assert.Equal((end, 0U), Ended(Guest.Run(engine, module, host, new GuestLimits(), CancellationToken.None)));
        }
    }

    [Fact]
    public void A_program_that_computes_for_ever_runs_out_of_fuel() =>
        Assert.Equal(
            GuestEnd.OutOfFuel, TextGuest.Run(TextGuest.Module("(loop (br 0))"), limits: new GuestLimits { Fuel = 1_000_000 }).End);

    [Fact]
    public void A_program_that_computes_for_ever_can_be_ended() => Assert.Equal(GuestEnd.Cancelled, RunAndCancel("(loop (br 0))"));

    [Theory]
    [InlineData("(call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 100))")]
    [InlineData("(call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100))")]
    [InlineData("(call $poll_oneoff (i32.const 200) (i32.const 400) (i32.const 1) (i32.const 100))")]
    [InlineData("(call $sock_accept (i32.const 3) (i32.const 0) (i32.const 100))")]
    public void A_program_that_waits_for_ever_can_be_ended(string wait) =>
        Assert.Equal(GuestEnd.Cancelled, RunAndCancel($"(loop (drop {wait}) (br 0))"));

    [Fact]
    public void A_program_that_would_end_after_its_wait_does_not_end_by_itself()
    {
        const string wait = "(call $poll_oneoff (i32.const 200) (i32.const 400) (i32.const 1) (i32.const 100))";
        Assert.Equal(GuestEnd.Cancelled, RunAndCancel($"(drop {wait}) (call $proc_exit (i32.const 0))"));
    }

    [Fact]
    public void An_exception_of_a_host_call_stops_the_guest_and_is_reported()
    {
        const string read = "(drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 100)))";
        var outcome = TextGuest.Run(TextGuest.Module(read, """(data (i32.const 4) "\01")"""), TextGuest.Options(new BrokenStream()));
        Assert.Equal(GuestEnd.HostFailed, outcome.End);
        Assert.IsType<InvalidOperationException>(outcome.Failure);
    }

    private static (GuestEnd, uint) Ended(GuestOutcome outcome) => (outcome.End, outcome.ExitCode);

    private static GuestEnd RunAndCancel(string body)
    {
        using var engine = new WasmEngine();
        const string data = """(data (i32.const 4) "\01") (data (i32.const 208) "\01")""";
        using var module = engine.Compile(WasmEngine.Assemble(TextGuest.Module(body, data))).Value!;
        using var listener = HostListener.Listen(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        using var host = new WasiHost(TextGuest.Options(new SilentStream(), new SilentStream()) with { Listeners = [listener] });
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        return Guest.Run(engine, module, host, new GuestLimits(), cancellation.Token).End;
    }

    private sealed class BrokenStream : IGuestStream
    {
        public FileKind Kind => FileKind.Unknown;

        public FileError Read(Span<byte> buffer, out int read) => throw new InvalidOperationException("broken");

        public FileError Write(ReadOnlySpan<byte> data, out int written) => throw new InvalidOperationException("broken");

        public Readiness ReadReadiness() => throw new InvalidOperationException("broken");

        public Readiness WriteReadiness() => throw new InvalidOperationException("broken");

        public void Dispose()
        {
        }
    }
}
