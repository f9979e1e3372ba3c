namespace Guardian.Tests;

/// <summary>A program that copies standard input to standard output, 64 KiB at once.</summary>
internal static class CopierModule
{
    /// <summary>The module in WebAssembly's text form.</summary>
    public const string Text = """
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
          (memory (export "memory") 3)
          (func $check (param $error i32) (if (local.get $error) (then (call $proc_exit (local.get $error)))))
          (func (export "_start")
            (i32.store (i32.const 120) (i32.const 65536))
            (loop $next
              (i32.store (i32.const 124) (i32.const 65536))
              (call $check (call $fd_read (i32.const 0) (i32.const 120) (i32.const 1) (i32.const 128)))
              (if (i32.load (i32.const 128))
                (then
                  (i32.store (i32.const 124) (i32.load (i32.const 128)))
                  (call $check (call $fd_write (i32.const 1) (i32.const 120) (i32.const 1) (i32.const 128)))
                  (br $next))))))
        """;
}
