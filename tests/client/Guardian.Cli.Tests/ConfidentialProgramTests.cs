using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation.Launch;
using Guardian.Wasi.Engine;

namespace Guardian.Cli.Tests;

/// <summary>A program that starts only when it is attested, seen from the host that runs it.</summary>
[Trait("Starts", "processes")]
public sealed partial class ConfidentialProgramTests : IAsyncLifetime
{
    // Adds its second argument to /data/note, or prints what is there: all of it by WASI calls.
    internal const string Note = """
        (module
          (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_sync" (func $fd_sync (param i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
          (memory (export "memory") 1)
          (data (i32.const 8) "note")
          (func $check (param $error i32) (if (local.get $error) (then (call $proc_exit (local.get $error)))))
          (func (export "_start") (local $file i32) (local $end i32)
            (call $check (call $args_sizes_get (i32.const 100) (i32.const 104)))
            (call $check (call $args_get (i32.const 200) (i32.const 1000)))
            (call $check (call $path_open
              (i32.const 4) (i32.const 0) (i32.const 8) (i32.const 4) (i32.const 1)
              (i64.const 127) (i64.const 0) (i32.const 1) (i32.const 112)))
            (local.set $file (i32.load (i32.const 112)))
            (if (i32.gt_u (i32.load (i32.const 100)) (i32.const 1))
              (then
                (local.set $end (i32.load (i32.const 204)))
                (block $done (loop $next
                  (br_if $done (i32.eqz (i32.load8_u (local.get $end))))
                  (local.set $end (i32.add (local.get $end) (i32.const 1)))
                  (br $next)))
                (i32.store (i32.const 120) (i32.load (i32.const 204)))
                (i32.store (i32.const 124) (i32.sub (local.get $end) (i32.load (i32.const 204))))
                (call $check (call $fd_write (local.get $file) (i32.const 120) (i32.const 1) (i32.const 128)))
                (call $check (call $fd_sync (local.get $file))))
              (else
                (i32.store (i32.const 120) (i32.const 8192))
                (i32.store (i32.const 124) (i32.const 4096))
                (call $check (call $fd_read (local.get $file) (i32.const 120) (i32.const 1) (i32.const 128)))
                (i32.store (i32.const 124) (i32.load (i32.const 128)))
                (call $check (call $fd_write (i32.const 1) (i32.const 120) (i32.const 1) (i32.const 128))))))
        )
        """;

    private readonly TemporaryFolder folder = new();
    private readonly byte[] program = WasmEngine.Assemble(Note);
    private readonly int port = ReservedPort.Reserve();
    private Running? cas;

    private string CasAddress => $"127.0.0.1:{port}";

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllBytesAsync(folder.File("note.wasm"), program);
        (await RunAsync("key", "create", "owner.pem")).Ends(0);
        cas = await GuardianProgram.ServeAsync(
            folder.Path, "Guardian.Cas", "guardian-cas", "--state", folder.File("cas"), "--machine", folder.File("machine"), "--listen",
            CasAddress, "--owners", GuardianProgram.PublicKey(folder.File("owner.pem")), "--threshold", "1");
    }

    public ValueTask DisposeAsync()
    {
        cas?.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_program_keeps_its_secret_from_the_host_and_gives_it_to_its_reader()
    {
        await CreateSessionAsync("notes", Convert.ToHexStringLower(SHA256.HashData(program)));
        const string secret = "the plain truth about everything";
        var added = (await StartAsync("notes", "note.wasm", secret)).Ends(0);
        Assert.All(added.Output.TrimEnd().Split('\n'), line => Assert.StartsWith("gstd1 out ", line, StringComparison.Ordinal));
        var read = (await StartAsync("notes", "note.wasm")).Ends(0);

        // Root on the host looks everywhere: disk and streams.
        Assert.DoesNotContain(secret, read.Output + read.Error, StringComparison.Ordinal);
        foreach (var file in Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories))
        {
            Assert.True((await File.ReadAllBytesAsync(file)).AsSpan().IndexOf(Encoding.ASCII.GetBytes(secret)) < 0, file);
        }

        folder.Write("log", read.Output);
        var shown = (await RunAsync("logs", "notes/app", "log", "--cas", CasAddress, "--key", "owner.pem", "--platform", "simulated"))
            .Ends(0);
        Assert.Equal(secret, shown.Output);

        // A log with its end taken away.
        folder.Write("log", string.Join('\n', read.Output.TrimEnd().Split('\n')[..^1]));
        (await RunAsync("logs", "notes/app", "log", "--cas", CasAddress, "--key", "owner.pem", "--platform", "simulated")).Ends(1)
            .Says("has no end");

        // A reader whom the session does not name.
        (await RunAsync("key", "create", "stranger.pem")).Ends(0);
        (await RunAsync("logs", "notes/app", "log", "--cas", CasAddress, "--key", "stranger.pem", "--platform", "simulated")).Ends(1);
    }

    [Fact]
    public async Task Another_program_and_an_older_volume_are_refused()
    {
        await CreateSessionAsync("notes", Convert.ToHexStringLower(SHA256.HashData(program)));
        (await StartAsync("notes", "note.wasm", "one")).Ends(0);
        Copy(folder.File("volumes"), folder.File("old"));
        (await StartAsync("notes", "note.wasm", "two")).Ends(0);

        await File.WriteAllBytesAsync(
            folder.File("other.wasm"), WasmEngine.Assemble("(module (memory (export \"memory\") 1) (func (export \"_start\")))"));
        (await StartAsync("notes", "other.wasm")).Ends(125).Says("not the one that the session names");
        (await StartAsync("nothing", "note.wasm")).Ends(125).Says("there is no service");

        Directory.Delete(folder.File("volumes"), recursive: true);
        Copy(folder.File("old"), folder.File("volumes"));
        (await StartAsync("notes", "note.wasm")).Ends(125).Says("not at the state that its freshness tag names");
        Directory.Delete(folder.File("volumes"), recursive: true);
        (await StartAsync("notes", "note.wasm")).Ends(125).Says("was written before");
    }

    [Fact]
    public async Task Compiled_code_that_the_host_changed_is_compiled_anew()
    {
        await CreateSessionAsync("notes", Convert.ToHexStringLower(SHA256.HashData(program)));
        (await StartAsync("notes", "note.wasm", "one")).Ends(0);
        var kept = Assert.Single(Directory.GetFiles(folder.File(".local/state/guardian/enclave-modules")));
        var code = await File.ReadAllBytesAsync(kept);
        var changed = code.ToArray();
        changed[^100] ^= 1;
        await File.WriteAllBytesAsync(kept, changed);
        (await StartAsync("notes", "note.wasm")).Ends(0);
        Assert.Equal(code, await File.ReadAllBytesAsync(kept));
    }

    [Fact]
    public async Task An_image_carries_program_files_and_session()
    {
        Directory.CreateDirectory(folder.File("files/etc"));
        folder.Write("files/etc/app.conf", "a = b");
        var packed = (await RunAsync(
            "image", "pack", "note.wasm", "layout", "--files", "files", "--session", "packed/app", "--cas", CasAddress, "--json")).Ends(0);
        await CreateSessionAsync("packed", (string)packed.Json["digest"]!);
        (await RunAsync("run", "--oci", "layout", "--platform", "simulated", "--machine", "machine", "--volumes", "volumes", "text"))
            .Ends(0);
        Assert.Equal("/etc/app.conf", (string)(await RunAsync("image", "show", "layout", "--json")).Ends(0).Json["files"]![0]!);
        (await RunAsync("image", "pack", "note.wasm", "layout", "--session", "packed/app", "--cas", CasAddress)).Ends(2)
            .Says("is not empty");
        (await RunAsync("image", "pack", "note.wasm", "other", "--session", "packed/app", "--cas", CasAddress)).Ends(0);
        (await RunAsync("run", "--oci", "other", "--platform", "simulated", "--machine", "machine", "--volumes", "volumes")).Ends(125)
            .Says("not the one that the session names");
    }

    [Fact]
    public async Task Nothing_runs_without_configuration_or_the_switch_named_for_what_it_is()
    {
        (await RunAsync("run", "note.wasm")).Ends(125).Says("--insecure-no-attestation");
        (await RunAsync("run", "--insecure-no-attestation", "--session", "a/b", "note.wasm")).Ends(125).Says("exclude each other");
        (await RunAsync("run", "--session", "a/b", "--cas", CasAddress, "--env", "A=B", "note.wasm")).Ends(125).Says("from its session");
        // The CAS is simulated, and that was not accepted.
        (await RunAsync("run", "--session", "a/b", "--cas", CasAddress, "--machine", "machine", "note.wasm")).Ends(125)
            .Says("not accepted");
    }

    private async Task CreateSessionAsync(string name, string digest, string stdio = "{readers: [CREATOR]}", string? mrEnclave = null)
    {
        folder.Write("session.yaml", $$"""
            name: {{name}}
            version: "0.3"
            services:
              - name: app
                command: [note]
                program: {{digest}}
                attestation:
                  - mrenclave: [{{mrEnclave ?? EnclaveProcess.Measure(GuardianProgram.FolderOf("Guardian.Runtime")).ToString()}}]
                platforms: [simulated]
                volumes:
                  - {name: data, path: /data}
                stdio: {{stdio}}
                host: {arguments: 1}
            volumes:
              - name: data
            """);
        (await RunAsync("session", "create", "session.yaml", "--cas", CasAddress, "--key", "owner.pem", "--platform", "simulated")).Ends(0);
    }

    private Task<Result> StartAsync(string session, string file, params string[] arguments) =>
        RunAsync(AttestedRun(session, file, arguments));

    private string[] AttestedRun(string session, string file, params string[] arguments) =>
        ["run", "--session", $"{session}/app", "--cas", CasAddress, "--platform", "simulated", "--machine", "machine", "--volumes",
            "volumes", file, .. arguments];

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, arguments);

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
