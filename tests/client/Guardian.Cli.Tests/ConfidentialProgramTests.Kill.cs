using System.Security.Cryptography;
using System.Text;
using Guardian.Wasi.Engine;

namespace Guardian.Cli.Tests;

/// <summary>A runtime that is killed while its program writes.</summary>
public sealed partial class ConfidentialProgramTests
{
    // Without an argument: appends a letter to /data/log, syncs it, and only then prints it; on and on through the alphabet. With one:
    // prints the file.
    private const string Diary = """
        (module
          (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_sync" (func $fd_sync (param i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
          (memory (export "memory") 1)
          (data (i32.const 8) "log")
          (func $check (param $error i32) (if (local.get $error) (then (call $proc_exit (local.get $error)))))
          (func (export "_start") (local $file i32) (local $letter i32)
            (call $check (call $args_sizes_get (i32.const 100) (i32.const 104)))
            (call $check (call $path_open
              (i32.const 4) (i32.const 0) (i32.const 8) (i32.const 3) (i32.const 1)
              (i64.const 127) (i64.const 0) (i32.const 1) (i32.const 112)))
            (local.set $file (i32.load (i32.const 112)))
            (i32.store (i32.const 120) (i32.const 8192))
            (if (i32.gt_u (i32.load (i32.const 100)) (i32.const 1))
              (then
                (i32.store (i32.const 124) (i32.const 4096))
                (call $check (call $fd_read (local.get $file) (i32.const 120) (i32.const 1) (i32.const 128)))
                (i32.store (i32.const 124) (i32.load (i32.const 128)))
                (call $check (call $fd_write (i32.const 1) (i32.const 120) (i32.const 1) (i32.const 128)))
                (call $proc_exit (i32.const 0))))
            (i32.store (i32.const 124) (i32.const 1))
            (loop $next
              (i32.store8 (i32.const 8192) (i32.add (i32.const 97) (i32.rem_u (local.get $letter) (i32.const 26))))
              (call $check (call $fd_write (local.get $file) (i32.const 120) (i32.const 1) (i32.const 128)))
              (call $check (call $fd_sync (local.get $file)))
              (call $check (call $fd_write (i32.const 1) (i32.const 120) (i32.const 1) (i32.const 128)))
              (local.set $letter (i32.add (local.get $letter) (i32.const 1)))
              (br $next))))
        """;

    [Fact]
    public async Task What_a_program_synced_outlives_a_kill_at_any_moment()
    {
        var diary = WasmEngine.Assemble(Diary);
        await File.WriteAllBytesAsync(folder.File("diary.wasm"), diary);
        await CreateSessionAsync("diary", Convert.ToHexStringLower(SHA256.HashData(diary)), stdio: "{encrypted: false}");
        var kept = "";
        foreach (var letters in new[] { 1, 12 })
        {
            var printed = await WriteUntilKilledAsync(letters);
            var found = (await StartAsync("diary", "diary.wasm", "read")).Ends(0).Output;

            // All that was printed is there; at most the letter after it, which was synced and not yet printed, or written and not yet
            // synced.
            Assert.StartsWith(kept + printed, found, StringComparison.Ordinal);
            Assert.InRange(found.Length - kept.Length - printed.Length, 0, 1);
            Assert.True(found.Skip(kept.Length).Select((letter, index) => letter == 'a' + (index % 26)).All(isRight => isRight), found);
            kept = found;
        }
    }

    // Everything that it printed before it was gone, which is at least so many letters.
    private async Task<string> WriteUntilKilledAsync(int letters)
    {
        using var process = GuardianProgram.Start(folder.Path, "Guardian.Cli", "guardian", AttestedRun("diary", "diary.wasm"));
        var printed = new StringBuilder();
        var letter = new char[1];
        while (printed.Length < letters && await process.StandardOutput.ReadAsync(letter) == 1)
        {
            printed.Append(letter);
        }
        process.Kill(entireProcessTree: true);
        printed.Append(await process.StandardOutput.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(printed.Length >= letters, await process.StandardError.ReadToEndAsync());
        return printed.ToString();
    }
}
