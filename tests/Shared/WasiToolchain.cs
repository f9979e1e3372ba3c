using System.ComponentModel;
using System.Diagnostics;

namespace Guardian.Tests;

/// <summary>The C compiler for WASI, if it is installed.</summary>
internal static class WasiToolchain
{
    /// <summary>Compiles one file; returns false when no compiler with a C library for WASI is installed.</summary>
    public static async Task<bool> TryCompileAsync(string folder, string source, string target)
    {
        var start = new ProcessStartInfo("clang", ["--target=wasm32-wasi", "-O2", "-o", target, source])
        {
            WorkingDirectory = folder,
            RedirectStandardError = true,
        };
        try
        {
            using var compiler = Process.Start(start)!;
            var messages = await compiler.StandardError.ReadToEndAsync();
            await compiler.WaitForExitAsync();
            // These messages mean that the C library is missing. An error in the source itself must fail the test.
            string[] missing = ["file not found", "cannot open", "linker command failed"];
            var isIncomplete = missing.Any(text => messages.Contains(text, StringComparison.Ordinal));
            Assert.True(compiler.ExitCode == 0 || isIncomplete, messages);
            return compiler.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
