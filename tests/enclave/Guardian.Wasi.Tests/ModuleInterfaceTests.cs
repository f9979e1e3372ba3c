using System.Text;
using Guardian.Wasi.Engine;

namespace Guardian.Wasi.Tests;

/// <summary>A program that cannot run is refused by its imports and exports, before it is compiled.</summary>
public sealed class ModuleInterfaceTests
{
    private const string Start = "(func (export \"_start\"))";

    [Theory]
    [InlineData("(import \"env\" \"emscripten_notify\" (func (param i32)))", "the function env::emscripten_notify")]
    [InlineData("(import \"wasi_snapshot_preview1\" \"sock_open\" (func (param i32)))", "the function wasi_snapshot_preview1::sock_open")]
    [InlineData("(import \"wasi_snapshot_preview1\" \"fd_read\" (memory 1))", "the memory wasi_snapshot_preview1::fd_read")]
    [InlineData("(import \"env\" \"memory\" (memory 1 2))", "the memory env::memory")]
    [InlineData("(import \"env\" \"t\" (table 1 funcref))", "the table env::t")]
    [InlineData("(import \"env\" \"g\" (global (mut i64)))", "the global env::g")]
    [InlineData("(import \"env\" \"e\" (tag (param i32)))", "the tag env::e")]
    [InlineData("(import \"a\\0ab\" \"c\" (func))", "the function a?b::c")]
    public void An_import_that_does_not_exist_is_named(string import, string named)
    {
        var refusal = WasiProgram.FindRefusal(WasmEngine.Assemble($"(module {import} {Start})"))!;
        Assert.Equal(WasiReasons.NoSuchImport, refusal.Reason);
        Assert.Contains(named, refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_function_of_WASI_and_a_program_pass()
    {
        var imports = string.Concat(
            Host.WasiHost.Functions.Select(function => $"(import \"wasi_snapshot_preview1\" \"{function.Name}\" (func))"));
        Assert.Null(WasiProgram.FindRefusal(WasmEngine.Assemble($"(module {imports} {Start})")));
    }

    [Theory]
    [InlineData("(module)")]
    [InlineData("(module (memory (export \"_start\") 1))")]
    [InlineData("(module (func (export \"_initialize\")))")]
    public void A_library_is_no_program(string text) =>
        Assert.Contains("_start", WasiProgram.FindRefusal(WasmEngine.Assemble(text))!.Detail, StringComparison.Ordinal);

    [Fact]
    public void Many_imports_make_a_short_message()
    {
        var imports = string.Concat(Enumerable.Range(0, 10_000).Select(i => $"(import \"env\" \"{new string('n', 300)}{i}\" (func))"));
        var refusal = WasiProgram.FindRefusal(WasmEngine.Assemble($"(module {imports} {Start})"))!;
        Assert.Equal(8, refusal.Problems.Count);
        Assert.Equal("and 9992 more", refusal.Problems[^1]);
        Assert.All(refusal.Problems.Append(refusal.Detail), line => Assert.InRange(line!.Length, 1, 200));
    }

    [Fact]
    public void Damaged_bytes_are_left_to_the_compiler()
    {
        var good = WasmEngine.Assemble($"(module (import \"env\" \"t\" (table 1 funcref)) {Start})");
        for (var size = 0; size < good.Length; size++)
        {
            var cut = good[..size];
            // A cut at the end of a section leaves a module without exports.
            Assert.True(
                WasiProgram.FindRefusal(cut) is not { } refusal || refusal.Reason == WasiReasons.NoSuchImport);
        }
        Assert.Null(WasiProgram.FindRefusal(Encoding.ASCII.GetBytes("no module at all, only words")));
        Assert.Null(WasiProgram.FindRefusal([]));
    }
}
