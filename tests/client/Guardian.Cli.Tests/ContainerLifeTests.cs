using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Guardian.Attestation.Launch;
using Guardian.Wasi.Engine;

namespace Guardian.Cli.Tests;

/// <summary>The life of a program as a container has it: one process, signals, a CAS that starts later, folders that cannot be
/// written.</summary>
[Trait("Starts", "processes")]
public sealed class ContainerLifeTests : IAsyncLifetime
{
    // Writes "written" to /data/note without syncing it, prints "ready", and sleeps until it is ended.
    private const string Sleeper = """
        (module
          (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 8) "note") (data (i32.const 16) "written") (data (i32.const 32) "ready\n")
          (func (export "_start")
            (drop (call $path_open
              (i32.const 4) (i32.const 0) (i32.const 8) (i32.const 4) (i32.const 1)
              (i64.const 127) (i64.const 0) (i32.const 1) (i32.const 112)))
            (i32.store (i32.const 120) (i32.const 16)) (i32.store (i32.const 124) (i32.const 7))
            (drop (call $fd_write (i32.load (i32.const 112)) (i32.const 120) (i32.const 1) (i32.const 128)))
            (i32.store (i32.const 120) (i32.const 32)) (i32.store (i32.const 124) (i32.const 6))
            (drop (call $fd_write (i32.const 1) (i32.const 120) (i32.const 1) (i32.const 128)))
            (i32.store (i32.const 216) (i32.const 1))
            (i64.store (i32.const 224) (i64.const 10000000000))
            (loop $again (drop (call $poll_oneoff (i32.const 200) (i32.const 300) (i32.const 1) (i32.const 400))) (br $again))))
        """;

    private readonly TemporaryFolder folder = new();
    private readonly byte[] sleeper = WasmEngine.Assemble(Sleeper);
    private readonly byte[] note = WasmEngine.Assemble(ConfidentialProgramTests.Note);
    private readonly int port = ReservedPort.Reserve();
    private Running? cas;

    private string CasAddress => $"127.0.0.1:{port}";

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllBytesAsync(folder.File("sleeper.wasm"), sleeper);
        await File.WriteAllBytesAsync(folder.File("note.wasm"), note);
        (await RunAsync("key", "create", "owner.pem")).Ends(0);
        await StartCasAsync();
        folder.Write("session.yaml", $$"""
            name: life
            version: "0.3"
            services:
              - name: app
                command: [app]
                program: [{{Digest(sleeper)}}, {{Digest(note)}}]
                attestation:
                  - mrenclave: [{{EnclaveProcess.Measure(GuardianProgram.FolderOf("Guardian.Runtime"))}}]
                platforms: [simulated]
                volumes:
                  - {name: data, path: /data}
                stdio: {encrypted: false}
                host: {arguments: 1}
            volumes:
              - name: data
            """);
        (await RunAsync("session", "create", "session.yaml", "--cas", CasAddress, "--key", "owner.pem", "--platform", "simulated")).Ends(0);
    }

    public ValueTask DisposeAsync()
    {
        cas?.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_signal_closes_the_volumes_of_the_one_process()
    {
        using var process = Start("sleeper.wasm");
        Assert.Equal("ready", await process.StandardOutput.ReadLineAsync());

        // The command line has become the runtime: an image needs no shell, no kill and no init.
        Assert.Contains("guardian-runtime", await File.ReadAllTextAsync($"/proc/{process.Id}/cmdline"), StringComparison.Ordinal);
        Assert.Empty((await File.ReadAllTextAsync($"/proc/{process.Id}/task/{process.Id}/children")).Trim());
        Assert.Equal(143, await TerminateAsync(process));
        Assert.Equal("written", (await RunAsync(Run("note.wasm"))).Ends(0).Output);
    }

    [Fact]
    public async Task A_signal_at_any_moment_of_the_start_ends_it()
    {
        foreach (var delay in new[] { 0, 20, 60, 120, 250, 500 })
        {
            using var process = Start("sleeper.wasm");
            await Task.Delay(delay, TestContext.Current.CancellationToken);
            Assert.Equal(143, await TerminateAsync(process));
        }
    }

    [Fact]
    public async Task A_program_waits_for_a_CAS_that_starts_later()
    {
        cas!.Dispose();
        using var process = Start("note.wasm", "hello");
        string? line;
        do
        {
            line = await process.StandardError.ReadLineAsync();
        }
        while (line is not null && !line.Contains("waiting for the CAS, at most 60 s", StringComparison.Ordinal));
        Assert.NotNull(line);
        await StartCasAsync();
        var rest = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await rest);
    }

    [Fact]
    public async Task The_wait_has_a_limit_that_is_said()
    {
        cas!.Dispose();
        (await RunAsync([.. Run("note.wasm")[..^1], "--cas-wait", "1", "note.wasm"])).Ends(125).Says("waited").Says("GUARDIAN_CAS_WAIT");
        GuardianProgram.Variables.Value = new Dictionary<string, string?> { ["GUARDIAN_CAS_WAIT"] = "1" };
        (await RunAsync(Run("note.wasm"))).Ends(125).Says("waited");
        GuardianProgram.Variables.Value = new Dictionary<string, string?> { ["GUARDIAN_CAS_WAIT"] = "soon" };
        (await RunAsync(Run("note.wasm"))).Ends(125).Says("GUARDIAN_CAS_WAIT").Says("a number of seconds");
    }

    [Fact]
    public async Task Variables_stand_for_options()
    {
        GuardianProgram.Variables.Value = new Dictionary<string, string?>
        {
            ["GUARDIAN_SESSION"] = "life/app",
            ["GUARDIAN_CAS"] = CasAddress,
            ["GUARDIAN_PLATFORM"] = "simulated",
            ["GUARDIAN_MACHINE"] = folder.File("machine"),
            ["GUARDIAN_VOLUMES"] = folder.File("elsewhere"),
            ["GUARDIAN_MODULES"] = folder.File("compiled"),
            ["GUARDIAN_STATE"] = folder.File("state"),
            ["GUARDIAN_CAS_MRENCLAVE"] = $"{EnclaveProcess.Measure(GuardianProgram.FolderOf("Guardian.Cas"))},{new string('0', 64)}",
        };
        (await RunAsync("run", "note.wasm", "text")).Ends(0);
        Assert.True(Directory.Exists(folder.File("elsewhere/data")));
        Assert.Single(Directory.GetFiles(folder.File("compiled")));
        Assert.False(Directory.Exists(folder.File(".local")));

        // An option precedes its variable.
        (await RunAsync("run", "--session", "life/nothing", "note.wasm")).Ends(125).Says("there is no service 'nothing'");
    }

    [Fact]
    public async Task Arguments_that_the_session_does_not_take_are_reported()
    {
        var run = (await RunAsync([.. Run("note.wasm"), "taken", "left", "left too"])).Ends(0);
        run.Says("the session takes 1 arguments of the host, and 3 were given");
        Assert.DoesNotContain("left too", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "warning: the session takes", (await RunAsync([.. Run("note.wasm"), "taken"])).Ends(0).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_named_with_its_variable()
    {
        // Nobody can make files below a file, not even root.
        folder.Write("file", "");
        GuardianProgram.Variables.Value = new Dictionary<string, string?> { ["HOME"] = folder.File("file") };
        string[] bare = ["run", "--session", "life/app", "--cas", CasAddress, "--platform", "simulated", "note.wasm"];
        (await RunAsync(bare)).Ends(125).Says(folder.File("file")).Says("GUARDIAN_MACHINE").Says("GUARDIAN_STATE");
        GuardianProgram.Variables.Value = new Dictionary<string, string?>
        {
            ["HOME"] = folder.File("file"),
            ["GUARDIAN_MACHINE"] = folder.File("machine"),
        };
        (await RunAsync(bare)).Ends(125).Says("GUARDIAN_VOLUMES");

        // Compiled modules are only a shortcut: without their folder each start compiles.
        GuardianProgram.Variables.Value = new Dictionary<string, string?>
        {
            ["HOME"] = folder.File("file"),
            ["GUARDIAN_MACHINE"] = folder.File("machine"),
            ["GUARDIAN_VOLUMES"] = folder.File("volumes"),
        };
        (await RunAsync(bare)).Ends(0);
        GuardianProgram.Variables.Value = new Dictionary<string, string?>
        {
            ["HOME"] = folder.File("file"),
            ["GUARDIAN_MACHINE"] = folder.File("machine"),
            ["TMPDIR"] = folder.File("file"),
        };
        (await RunAsync(bare)).Ends(125).Says("TMPDIR");
    }

    [Fact]
    public async Task A_program_without_attestation_needs_no_folder_of_its_own()
    {
        folder.Write("file", "");
        await File.WriteAllBytesAsync(
            folder.File("nothing.wasm"), WasmEngine.Assemble("(module (memory (export \"memory\") 1) (func (export \"_start\")))"));
        GuardianProgram.Variables.Value = new Dictionary<string, string?> { ["HOME"] = folder.File("file") };
        (await RunAsync("run", "--insecure-no-attestation", "nothing.wasm")).Ends(0);
    }

    private async Task StartCasAsync() => cas = await GuardianProgram.ServeAsync(
        folder.Path, "Guardian.Cas", "guardian-cas", "--state", folder.File("cas"), "--machine", folder.File("machine"), "--listen",
        CasAddress, "--owners", GuardianProgram.PublicKey(folder.File("owner.pem")), "--threshold", "1");

    private static string Digest(byte[] module) => Convert.ToHexStringLower(SHA256.HashData(module));

    private static async Task<int> TerminateAsync(Process process)
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    private Process Start(string program, params string[] arguments) =>
        GuardianProgram.Start(folder.Path, "Guardian.Cli", "guardian", [.. Run(program), .. arguments]);

    private string[] Run(string program) =>
        ["run", "--session", "life/app", "--cas", CasAddress, "--platform", "simulated", "--machine", "machine", "--volumes", "volumes",
            program];

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, arguments);
}
