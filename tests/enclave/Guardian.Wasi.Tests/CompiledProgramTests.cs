using System.Security.Cryptography;
using Guardian.Refusals;
using Guardian.Wasi.Engine;
using Guardian.Wasi.Host;

namespace Guardian.Wasi.Tests;

/// <summary>Native code that its owner compiled runs as the module does, and malformed files are refused.</summary>
public sealed class CompiledProgramTests : IDisposable
{
    private static readonly byte[] Wasm = WasmEngine.Assemble(TextGuest.Module("(call $proc_exit (i32.const 7))", "(table 3 funcref)"));

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void It_runs_in_an_engine_of_an_enclave_and_names_its_module()
    {
        var program = CompiledProgram.Read(CompiledProgram.Compile(Wasm).Value)!;
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Wasm)), program.Digest);
        using var engine = new WasmEngine(fitsEnclave: true);
        using var module = program.Load(engine).Value!;
        Assert.Equal(1U, module.Contents.TableCount);
        using var host = new WasiHost(TextGuest.Options());
        Assert.Equal(7U, Guest.Run(engine, module, host, new GuestLimits(), CancellationToken.None).ExitCode);
    }

    [Fact]
    public void A_part_of_an_image_has_the_image_s_digest()
    {
        var digest = new string('a', 64);
        Assert.Equal(digest, CompiledProgram.Read(CompiledProgram.Compile(Wasm, digest).Value)!.Digest);
        Assert.Throws<ArgumentException>(() => CompiledProgram.Compile(Wasm, "aa"));
    }

    [Fact]
    public void An_engine_that_relies_on_other_memory_does_not_load_it()
    {
        using var engine = new WasmEngine(countsFuel: true);
        Assert.Equal(
            WasiReasons.NotCompiledProgram, CompiledProgram.Read(CompiledProgram.Compile(Wasm).Value)!.Load(engine).Refusal!.Reason);
    }

    [Fact]
    public void What_cannot_run_is_not_compiled()
    {
        var stranger = WasmEngine.Assemble("(module (import \"env\" \"fork\" (func)) (func (export \"_start\")))");
        Assert.Equal(WasiReasons.NoSuchImport, CompiledProgram.Compile(stranger).Refusal!.Reason);
        Assert.Equal(WasiReasons.NotAProgram, CompiledProgram.Compile("no module"u8).Refusal!.Reason);
    }

    [Fact]
    public void A_malformed_header_is_no_program()
    {
        var file = CompiledProgram.Compile(Wasm).Value!;
        for (var size = 0; size <= 53; size++)
        {
            Assert.Null(CompiledProgram.Read(file.AsMemory(0, size)));
        }
        Assert.Null(CompiledProgram.Read(Change(file, 0)));
        Assert.Null(CompiledProgram.Read(Change(file, 52)));
        using var engine = new WasmEngine(fitsEnclave: true);
        Assert.NotNull(CompiledProgram.Read(file.AsMemory(0, 60))!.Load(engine).Refusal);
    }

    [Fact]
    public void A_folder_without_the_file_has_no_program_and_a_damaged_file_is_refused()
    {
        Assert.Null(CompiledProgram.Find(folder.Path));
        Directory.CreateDirectory(Path.Combine(folder.Path, "on-demand"));
        File.WriteAllText(Path.Combine(folder.Path, CompiledProgram.FileName), "code");
        Assert.Equal(
            WasiReasons.NotCompiledProgram,
            Assert.Throws<RefusedException>(() => CompiledProgram.Find(folder.Path)).Refusal.Reason);
    }

    private static byte[] Change(byte[] file, int position)
    {
        var changed = file.ToArray();
        changed[position] ^= 0x10;
        return changed;
    }
}
