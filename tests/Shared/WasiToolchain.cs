using System.ComponentModel;
using System.Diagnostics;

namespace Guardian.Tests;

/// <summary>The C compiler for WASI, where it is installed.</summary>
internal static class WasiToolchain
{
    /// <summary>Compiles one file; false when there is no compiler with a C library for WASI.</summary>
    public static async Task<bool> TryCompileAsync(string folder, string source, string target)
    {
        var start = new ProcessStartInfo("clang", ["--target=wasm32-wasi", "-O2", "-o", target, source]) { WorkingDirectory = folder, RedirectStandardError = true };
        try
        {
            using var compiler = Process.Start(start)!;
            var messages = await compiler.StandardError.ReadToEndAsync();
            await compiler.WaitForExitAsync();
            // A compiler without the library cannot even find stdio.h; what is wrong with the source itself must not be skipped.
            var isIncomplete = messages.Contains("file not found", StringComparison.Ordinal) || messages.Contains("cannot open", StringComparison.Ordinal) || messages.Contains("linker command failed", StringComparison.Ordinal);
            Assert.True(compiler.ExitCode == 0 || isIncomplete, messages);
            return compiler.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
