using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Guardian.Wasi.Engine;

namespace Guardian.Cli.Tests;

/// <summary>Starts that take long, and those that end before they begin.</summary>
public sealed partial class ConfidentialProgramTests
{
    [Fact]
    public async Task A_signal_ends_a_start_that_compiles()
    {
        var large = LargeProgram();
        await File.WriteAllBytesAsync(folder.File("large.wasm"), large);
        await CreateSessionAsync("large", Convert.ToHexStringLower(SHA256.HashData(large)));
        using var running = GuardianProgram.Start(folder.Path, "Guardian.Cli", "guardian", AttestedRun("large", "large.wasm"));
        // The runtime warns of the simulated platform when the CAS has admitted it; then it compiles.
        Assert.Contains(
            "SIMULATED", await running.StandardError.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await Task.Delay(500, TestContext.Current.CancellationToken);
        Assert.False(running.HasExited);
        using var kill = System.Diagnostics.Process.Start("kill", ["-TERM", $"{running.Id}"]);
        var rest = await running.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await running.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(running.ExitCode == 143, $"{running.ExitCode}\n{rest}");
    }

    [Fact]
    public async Task Unknown_imports_are_refused_before_a_program_is_compiled()
    {
        var late = LargeProgram("(import \"rb-js-abi-host\" \"eval-js\" (func (param i32 i32 i32)))");
        await File.WriteAllBytesAsync(folder.File("late.wasm"), late);
        (await RunAsync("run", "--insecure-no-attestation", "late.wasm")).Ends(126).Says("rb-js-abi-host::eval-js");
        Assert.False(Directory.Exists(folder.File(".local/state/guardian/modules")));
        await CreateSessionAsync("late", Convert.ToHexStringLower(SHA256.HashData(late)));
        (await StartAsync("late", "late.wasm")).Ends(125).Says("rb-js-abi-host::eval-js");
        Assert.False(Directory.Exists(folder.File(".local/state/guardian/enclave-modules")));
    }

    // Takes minutes to compile for an enclave.
    private static byte[] LargeProgram(string import = "")
    {
        var text = new StringBuilder($"(module {import} (memory (export \"memory\") 1) ");
        for (var i = 0; i < 1_500; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"(func $f{i} (param i32) (result i32) (local i32 i32 i32) local.get 0 ");
            for (var j = 0; j < 150; j++)
            {
                text.Append(CultureInfo.InvariantCulture, $"i32.load offset={j * 8} local.tee 1 local.get 1 i32.const {i + j} ")
                    .Append(CultureInfo.InvariantCulture, $"i32.mul i32.store offset={j * 4} local.get 1 ");
            }
            text.Append(") ");
        }
        return WasmEngine.Assemble(text.Append("(func (export \"_start\") i32.const 0 call $f0 drop))").ToString());
    }
}
