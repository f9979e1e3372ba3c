using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Guardian.Wasi.Engine;

namespace Guardian.Bench.Start;

/// <summary>A program of the bench.</summary>
/// <param name="Name">The name of the session.</param>
/// <param name="Wasm">The module.</param>
/// <param name="Members">More members of its service, a line each.</param>
internal sealed record BenchProgram(string Name, byte[] Wasm, params string[] Members)
{
    /// <summary>Its first action is to write one byte.</summary>
    public static BenchProgram FirstByte { get; } = new("first", WasmEngine.Assemble("""
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "\08\00\00\00\01\00\00\00!")
          (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))
        """));
}

/// <summary>A CAS with a session for a program, and the command lines that start the program. All state is in a temporary folder.</summary>
internal sealed class AttestedSession : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("guardian-bench-").FullName;
    private Process? cas;
    private string address = "";
    private string casMeasurement = "";

    private readonly BenchProgram program;

    private AttestedSession(BenchProgram program) => this.program = program;

    private string Program => Path.Combine(folder, program.Name + ".wasm");

    private string Machine => Path.Combine(folder, "machine");

    private string Service => program.Name + "/app";

    /// <summary>The arguments of <c>guardian attach</c>, without the command.</summary>
    public string[] Attach =>
        [Service, "--cas", address, "--key", "owner.pem", "--mrenclave", casMeasurement, "--platform", "simulated", "--"];

    /// <summary>The arguments of <c>guardian run</c> without attestation.</summary>
    public string[] Plain => ["--insecure-no-attestation", Program];

    /// <summary>The arguments of <c>guardian run</c> with attestation. They contain the CAS's measurement, as in production.</summary>
    public string[] Attested => [.. WithSession, Program];

    /// <summary>The same for the program as its owner compiled it.</summary>
    public string[] Compiled => [.. WithSession, CompiledFolder];

    private string CompiledFolder => Path.Combine(folder, program.Name);

    private string[] WithSession =>
    [
        "--session", Service, "--cas", address, "--cas-mrenclave", casMeasurement, "--platform", "simulated", "--machine", Machine,
        "--volumes", folder,
    ];

    /// <summary>The arguments of <c>guardian-runtime</c>.</summary>
    public string[] Runtime =>
    [
        "--session", Service, "--cas", address, "--cas-mrenclave", casMeasurement, "--cas-platform", "simulated", "--machine", Machine,
        "--collateral", folder, "--volumes", folder, "--program", Program, "--",
    ];

    /// <summary>Starts the native CAS and creates the session, which admits both builds of the runtime, and the compiled program.</summary>
    public static async Task<AttestedSession> StartAsync(Installation managed, Installation native, BenchProgram program)
    {
        var session = new AttestedSession(program);
        await File.WriteAllBytesAsync(session.Program, program.Wasm).ConfigureAwait(false);
        await session.RunAsync(native, "key", "create", "owner.pem").ConfigureAwait(false);
        session.cas = session.Launch(native.Start(
            "guardian-cas",
            ["--state", Path.Combine(session.folder, "cas"), "--machine", session.Machine, "--listen", "127.0.0.1:0", "--json",
            "--owners", session.ReadOwner(), "--threshold", "1"]));
        JsonNode listening;
        do
        {
            var line = await session.cas.StandardOutput.ReadLineAsync().ConfigureAwait(false);
            listening = JsonNode.Parse(line ?? throw new InvalidOperationException("the CAS did not start"))!;
        }
        while ((string?)listening["event"] != "listening");
        (session.address, session.casMeasurement) = ((string)listening["address"]!, (string)listening["mrEnclave"]!);
        var digest = SHA256.HashData(await File.ReadAllBytesAsync(session.Program).ConfigureAwait(false));
        var managedHash = await session.MeasureAsync(native, managed).ConfigureAwait(false);
        var nativeHash = await session.MeasureAsync(native, native).ConfigureAwait(false);
        var compiled = JsonNode.Parse(await session.RunAsync(
            native, "program", "compile", session.Program, "--output", session.CompiledFolder, "--json").ConfigureAwait(false))!;
        await File.WriteAllTextAsync(Path.Combine(session.folder, "session.yaml"), $"""
            name: {program.Name}
            version: "0.3"
            services:
              - name: app
                command: [{program.Name}]
                program: {Convert.ToHexStringLower(digest)}
                attestation:
                  - mrenclave: [{managedHash}, {nativeHash}, {(string)compiled["mrEnclave"]!}]
                platforms: [simulated]
            {string.Concat(program.Members.Select(member => $"    {member}\n"))}
            """).ConfigureAwait(false);
        await session.RunAsync(
            native, "session", "create", "session.yaml", "--cas", session.address, "--key", "owner.pem",
            "--mrenclave", session.casMeasurement, "--platform", "simulated").ConfigureAwait(false);
        return session;
    }

    /// <summary>Measures the milliseconds from the start of a process to its first byte of output. The process must succeed.</summary>
    public double MeasureFirstByte(ProcessStartInfo start)
    {
        var began = Stopwatch.GetTimestamp();
        using var process = Launch(start);
        var first = process.StandardOutput.BaseStream.ReadByte();
        var elapsed = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return first == '!' && process.ExitCode == 0
            ? elapsed
            : throw new InvalidOperationException($"{start.FileName} {string.Join(' ', start.ArgumentList)}\n{error}");
    }

    public void Dispose()
    {
        cas?.Kill();
        cas?.WaitForExit();
        cas?.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private string ReadOwner()
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(Path.Combine(folder, "owner.pem")));
        return Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());
    }

    private async Task<string> MeasureAsync(Installation tool, Installation measured)
    {
        var json = await RunAsync(tool, "enclave", "measure", measured.Folders["guardian-runtime"], "--json").ConfigureAwait(false);
        return (string)JsonNode.Parse(json)!["programs"]![0]!["mrEnclave"]!;
    }

    private async Task<string> RunAsync(Installation installation, params string[] arguments)
    {
        using var process = Launch(installation.Start("guardian", arguments));
        var output = await process.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
        await process.WaitForExitAsync().ConfigureAwait(false);
        var error = await process.StandardError.ReadToEndAsync().ConfigureAwait(false);
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"guardian {string.Join(' ', arguments)}\n{error}");
    }

    /// <summary>Starts a process in the session's folder, with its output and errors redirected.</summary>
    public Process Launch(ProcessStartInfo start)
    {
        start.WorkingDirectory = folder;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["HOME"] = folder;
        start.Environment.Remove("XDG_STATE_HOME");
        return Process.Start(start)!;
    }
}
