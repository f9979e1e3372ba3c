using Guardian.Wasi.Engine;
using Guardian.Wasi.Host;

namespace Guardian.Wasi.Tests;

/// <summary>The engine accepts what compilers for WASI preview 1 emit, and refuses every other proposal of WebAssembly.</summary>
public sealed class FeatureTests
{
    // A component is not a module, a branch hint is a comment for compilers, and the text form has no compact imports.
    private static readonly string[] WithoutModule =
    [
        "branch hints", "compact imports",
        .. WasmFeatures.All.Select(feature => feature.Name).Where(name => name.Contains("component", StringComparison.Ordinal)),
    ];

    /// <summary>A feature, a module that uses it, and the words of its refusal.</summary>
    public static TheoryData<string, string, string> Refused() => new()
    {
        { "64-bit memories", "(module (memory i64 1))", "memory64 must be enabled" },
        { "64-bit memories", "(module (table i64 1 funcref))", "memory64 must be enabled" },
        {
            "garbage collection", "(module (type $s (struct (field i32))) (func (result (ref $s)) (struct.new $s (i32.const 1))))",
            "without the gc feature"
        },
        { "garbage collection", "(module (func (result i32) (i31.get_s (ref.i31 (i32.const 1)))))", "gc" },
        {
            "function references", "(module (type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0))))",
            "function references required"
        },
        { "multiple memories", "(module (memory 1) (memory 1))", "multiple memories" },
        { "custom page sizes", "(module (memory 1 (pagesize 1)))", "custom page sizes" },
        { "threads", "(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))", "threads support is not enabled" },
        { "shared memories", "(module (memory 1 1 shared))", "threads must be enabled" },
        { "tail calls", "(module (func $f (return_call $f)))", "tail calls support is not enabled" },
        {
            "stack switching", "(module (type $f (func)) (type $c (cont $f)) (func (param (ref $c)) (resume $c (local.get 0))))",
            "stack switching is disabled"
        },
        {
            "wide arithmetic", "(module (func (param i64) (result i64 i64) (i64.mul_wide_s (local.get 0) (local.get 0))))",
            "wide arithmetic support is not enabled"
        },
        {
            "relaxed SIMD", "(module (func (param v128) (result v128) (f32x4.relaxed_madd (local.get 0) (local.get 0) (local.get 0))))",
            "relaxed SIMD support is not enabled"
        },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_proposal_that_wasmtime_accepts_is_refused_with_its_name(string feature, string text, string words)
    {
        var wasm = WasmEngine.Assemble(text);
        Assert.True(NaiveEngine.Accepts(wasm, feature));
        var refusal = TextGuest.Engine.Compile(wasm).Refusal;
        Assert.Equal("not-a-program", refusal!.Code);
        Assert.Contains(words, refusal.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Detail);
    }

    [Fact]
    public void A_component_is_refused() =>
        Assert.Contains(
            "component model feature is not enabled", TextGuest.Engine.Compile(WasmEngine.Assemble("(component)")).Refusal!.Detail,
            StringComparison.Ordinal);

    [Fact]
    public void Every_feature_that_is_off_is_tried() => Assert.Equal(
        WasmFeatures.All.Where(feature => !feature.IsOn).Select(feature => feature.Name).Except(WithoutModule).Order(),
        Refused().Select(row => row.Data.Item1).Distinct().Order());

    [Theory]
    [InlineData("i32.const 7")]
    [InlineData("(i32.extend8_s (i32.const 7))")]
    [InlineData("(i32.trunc_sat_f32_s (f32.const 7.5))")]
    [InlineData("(global.get $sum)", "(global $sum i32 (i32.add (i32.const 3) (i32.const 4)))")]
    [InlineData("(call $two) (i32.add)", "(func $two (result i32 i32) (i32.const 3) (i32.const 4))")]
    [InlineData("(i32x4.extract_lane 2 (i32x4.add (v128.const i32x4 1 2 3 4) (i32x4.splat (i32.const 4))))")]
    [InlineData("(memory.fill (i32.const 0) (i32.const 7) (i32.const 9)) (i32.load8_u (i32.const 8))")]
    [InlineData(
        "(call_indirect $t (result i32) (i32.const 0))",
        "(table $t 1 funcref) (func $f (result i32) (i32.const 7)) (elem (table $t) (i32.const 0) func $f)")]
    [InlineData("(table.grow $t (ref.null extern) (i32.const 5)) (i32.add (table.size $t))", "(table $t 1 externref)")]
    // Exceptions of C++: thrown, caught by their tag, caught as a reference and thrown again.
    [InlineData("(block $h (result i32) (try_table (catch $e $h) (throw $e (i32.const 7))) (unreachable))", "(tag $e (param i32))")]
    [InlineData(
        """
        (block $h (result i32) (try_table (catch $e $h)
          (throw_ref (block $a (result exnref) (try_table (catch_all_ref $a) (throw $e (i32.const 7))) (unreachable)))) (unreachable))
        """,
        "(tag $e (param i32))")]
    public void Programs_use_what_compilers_emit(string expression, string more = "")
    {
        foreach (var fitsEnclave in new[] { false, true })
        {
            using var engine = new WasmEngine(fitsEnclave: fitsEnclave);
            using var module = engine.Compile(WasmEngine.Assemble(TextGuest.Module($"{expression} (call $proc_exit)", more))).Value!;
            using var host = new WasiHost(TextGuest.Options());
            var outcome = Guest.Run(engine, module, host, new GuestLimits { MemorySize = 4 << 20 }, CancellationToken.None);
            Assert.Equal((GuestEnd.Exited, 7U, ""), (outcome.End, outcome.ExitCode, outcome.Message));
        }
    }
}
