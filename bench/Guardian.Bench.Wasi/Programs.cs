using System.Globalization;

namespace Guardian.Bench.Wasi;

/// <summary>Programs that repeat one call.</summary>
internal static class Programs
{
    /// <summary>A call that transfers one block of the file's first 4 MiB, the next block each turn.</summary>
    public static string Transfer(string function, int size) => string.Create(CultureInfo.InvariantCulture,
        $"""
        (block (result i32)
          (i32.store (i32.const 32) (i32.const 65536)) (i32.store (i32.const 36) (i32.const {size}))
          (call ${function} (local.get $file) (i32.const 32) (i32.const 1)
            (i64.extend_i32_u (i32.and (i32.mul (local.get $i) (i32.const {size})) (i32.const 0x3fffff))) (i32.const 16)))
        """);

    /// <summary>Opens a file below descriptor 3, then repeats the call; an errno ends the program with a trap.</summary>
    public static string Loop(string call, int count) => string.Create(CultureInfo.InvariantCulture,
        $"""
        (module
          (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_tell" (func $fd_tell (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_pread" (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_pwrite" (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
          (memory (export "memory") 4)
          (data (i32.const 100) "file")
          (func (export "_start") (local $i i32) (local $file i32)
            (if (call $path_open (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 4) (i32.const 1) (i64.const 102) (i64.const 0)
              (i32.const 0) (i32.const 0)) (then unreachable))
            (local.set $file (i32.load (i32.const 0)))
            (block $end
              (loop $next
                (br_if $end (i32.ge_u (local.get $i) (i32.const {count})))
                (if {call} (then unreachable))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br $next)))))
        """);
}
