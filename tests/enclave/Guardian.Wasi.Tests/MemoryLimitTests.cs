using System.Globalization;
using Guardian.Wasi.Engine;
using Guardian.Wasi.Host;

namespace Guardian.Wasi.Tests;

/// <summary>A guest's limit covers all memory that it can make the host use.</summary>
public sealed class MemoryLimitTests
{
    private const long Mebibyte = 1 << 20;
    private const long Limit = 16 * Mebibyte;

    [Fact]
    public void Tables_cannot_escape_the_limit()
    {
        var six = WasmEngine.Assemble(GrowTables(6));
        var (isDone, growth) = NaiveEngine.Run(six, Limit);
        Assert.True(isDone);
        Assert.True(growth > 20 * Limit, $"{growth / Mebibyte} MiB");

        var outcome = Run(six);
        Assert.Equal(GuestEnd.NotStarted, outcome.End);
        Assert.Contains("table count too high", outcome.Message, StringComparison.Ordinal);
        Assert.Equal(GuestEnd.Trapped, Run(WasmEngine.Assemble(GrowTables(4))).End);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void All_tables_together_grow_to_a_sixteenth_of_the_limit(int count)
    {
        var tables = Repeat(count, i => $"(table $t{i} 0 funcref) ");
        var grow = Repeat(
            count, i => $"(loop $l{i} (br_if $l{i} (i32.ge_s (table.grow $t{i} (ref.null func) (i32.const 64)) (i32.const 0)))) ");
        var sum = Repeat(count, i => $"(i32.add (table.size $t{i})) ");
        var program = TextGuest.Module($"{grow} (i32.const 0) {sum} (call $proc_exit)", tables);
        Assert.Equal(Limit / 16 / 8, TextGuest.Run(program, limits: new GuestLimits { MemorySize = Limit }).ExitCode);
    }

    [Fact]
    public void A_large_table_cannot_escape_the_limit_from_the_start()
    {
        var wasm = WasmEngine.Assemble("""(module (table 9900000 funcref) (func (export "_start")))""");
        Assert.True(NaiveEngine.Run(wasm, Limit).IsDone);
        var outcome = Run(wasm);
        Assert.Equal(GuestEnd.NotStarted, outcome.End);
        Assert.Contains("table minimum size of 9900000 elements exceeds table limits", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Exceptions_cannot_escape_the_limit()
    {
        // 15 MiB of memory that is written to, and 15 MiB of exceptions that a table holds.
        const int pages = 15 * 16, count = 3800;
        var wasm = WasmEngine.Assemble(HoldExceptions(count, pages));
        Assert.True(NaiveEngine.Run(wasm, Limit).IsDone);

        var outcome = Run(wasm);
        Assert.Equal(GuestEnd.NotStarted, outcome.End);
        Assert.Contains("exceeds memory limits", outcome.Message, StringComparison.Ordinal);
        Assert.Equal(GuestEnd.Trapped, Run(WasmEngine.Assemble(HoldExceptions(count, 7 * 16))).End);
        Assert.Equal(GuestEnd.Exited, Run(WasmEngine.Assemble(HoldExceptions(count / 5, 7 * 16))).End);
    }

    [Theory]
    [InlineData(null, 0, false)]
    [InlineData(null, 4, true)]
    [InlineData(1L, 1, true)]
    [InlineData(65536L, 1, false)]
    [InlineData(16 * Mebibyte, 0, false)]
    [InlineData(16 * Mebibyte, 1, false)]
    [InlineData(16 * Mebibyte, 4, true)]
    [InlineData(4096 * Mebibyte, 3, false)]
    public void The_shares_never_exceed_the_limit(long? limit, int tables, bool hasExceptions)
    {
        var shares = MemoryShares.Divide(limit, new ModuleContents((uint)tables, hasExceptions));
        var total = (shares.MemorySize * (hasExceptions ? 2 : 1)) + (shares.TableElements * tables * 8);
        Assert.InRange(total, 0, limit ?? (8192 + 32) * Mebibyte);
        Assert.True(limit is null || total > limit - (8 * tables) - 2, "nothing is lost");
    }

    [Fact]
    public void A_program_with_a_table_of_functions_has_nearly_the_whole_limit_for_its_memory()
    {
        var program = TextGuest.Module("(call $proc_exit (memory.grow (i32.const 238)))", "(table 5000 5000 funcref)");
        Assert.Equal(1U, TextGuest.Run(program, limits: new GuestLimits { MemorySize = Limit }).ExitCode);
        program = TextGuest.Module("(call $proc_exit (memory.grow (i32.const 254)))");
        Assert.Equal(1U, TextGuest.Run(program, limits: new GuestLimits { MemorySize = Limit }).ExitCode);
    }

    [Fact]
    public void The_contents_of_a_module_are_read_from_its_sections()
    {
        Assert.Equal(new ModuleContents(0, false), Read("(module)"));
        const string both = "(module (func) (table 1 funcref) (table 1 externref) (tag) (memory 1) (data (i32.const 0) \"x\"))";
        Assert.Equal(new ModuleContents(2, true), Read(both));
        Assert.Equal(new ModuleContents(300, false), Read($"(module {Repeat(300, _ => $"(table 1 funcref)")})"));
        var wasm = WasmEngine.Assemble("(module (table 1 funcref) (tag))");
        for (var size = 0; size < wasm.Length; size++)
        {
            // A module that is cut between two sections is well formed and has fewer of them.
            Assert.NotEqual(new ModuleContents(1, true), ModuleContents.Read(wasm.AsSpan(0, size)));
        }
        ReadOnlySpan<byte> header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
        Assert.Null(ModuleContents.Read([.. header, 4, 0x80, 0x80, 0x80, 0x80, 0x80, 0]));
        Assert.Null(ModuleContents.Read([.. header, 4, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]));
        Assert.Null(ModuleContents.Read([.. header, 4, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]));
        Assert.Null(ModuleContents.Read([.. header, 4, 1, 0x80]));
        Assert.Null(ModuleContents.Read([.. header, 13, 0]));
    }

    private static ModuleContents? Read(string text) => ModuleContents.Read(WasmEngine.Assemble(text));

    private static GuestOutcome Run(byte[] wasm)
    {
        using var engine = new WasmEngine();
        using var module = engine.Compile(wasm).Value!;
        using var host = new WasiHost(TextGuest.Options());
        return Guest.Run(engine, module, host, new GuestLimits { MemorySize = Limit }, CancellationToken.None);
    }

    private static string GrowTables(int count)
    {
        var tables = Repeat(count, i => $"(table $t{i} 0 funcref) ");
        var grow = Repeat(
            count, i => $"(if (i32.eq (table.grow $t{i} (ref.func $f) (i32.const 9900000)) (i32.const -1)) (then unreachable)) ");
        return $"""(module {tables} (func $f) (elem declare func $f) (func (export "_start") {grow}))""";
    }

    private static string Repeat(int count, Func<int, FormattableString> text) =>
        string.Concat(Enumerable.Range(0, count).Select(i => FormattableString.Invariant(text(i))));

    // Each exception has 500 values of 8 bytes.
    private static string HoldExceptions(int count, int pages)
    {
        var parameters = string.Join(' ', Enumerable.Repeat("i64", 500));
        var values = string.Join(' ', Enumerable.Repeat("(i64.const 77)", 500));
        return string.Create(CultureInfo.InvariantCulture, $"""
            (module
              (memory {pages})
              (table $held {count} exnref)
              (tag $e (param {parameters}))
              (func $make (result exnref)
                (block $h (result exnref) (try_table (catch_all_ref $h) (throw $e {values})) (unreachable)))
              (func (export "_start") (local $i i32)
                (memory.fill (i32.const 0) (i32.const 1) (i32.const {pages * 65536}))
                (loop $next
                  (table.set $held (local.get $i) (call $make))
                  (local.set $i (i32.add (local.get $i) (i32.const 1)))
                  (br_if $next (i32.lt_u (local.get $i) (i32.const {count}))))))
            """);
    }
}
