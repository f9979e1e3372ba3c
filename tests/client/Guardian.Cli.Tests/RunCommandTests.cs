using System.Text.Json.Nodes;
using Guardian.Files;
using Guardian.Volumes;
using Guardian.Volumes.Contract;
using Guardian.Wasi.Engine;

namespace Guardian.Cli.Tests;

/// <summary><c>guardian run</c> as a person runs it.</summary>
[Trait("Starts", "processes")]
public sealed class RunCommandTests : IDisposable
{
    private const string Import = "(import \"wasi_snapshot_preview1\" ";

    // Writes its arguments and environment, each followed by NUL, to standard output.
    private const string Echo = $"""
        (module
          {Import}"args_sizes_get" (func $sizes (param i32 i32) (result i32)))
          {Import}"args_get" (func $get (param i32 i32) (result i32)))
          {Import}"environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
          {Import}"environ_get" (func $env_get (param i32 i32) (result i32)))
          {Import}"fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (func (export "_start")
            (drop (call $sizes (i32.const 0) (i32.const 20)))
            (drop (call $get (i32.const 1000) (i32.const 2000)))
            (i32.store (i32.const 16) (i32.const 2000))
            (drop (call $env_sizes (i32.const 0) (i32.const 28)))
            (drop (call $env_get (i32.const 1000) (i32.const 5000)))
            (i32.store (i32.const 24) (i32.const 5000))
            (drop (call $write (i32.const 1) (i32.const 16) (i32.const 2) (i32.const 0)))))
        """;

    // Makes a file "made" in descriptor 3 and writes "secret words" into it.
    private const string Write = $"""
        (module
          {Import}"path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
          {Import}"fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          {Import}"proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (data (i32.const 100) "made") (data (i32.const 200) "secret words") (data (i32.const 16) "\c8\00\00\00\0c\00\00\00")
          (func (export "_start")
            (drop (call $open
              (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 4) (i32.const 1)
              (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 0)))
            (call $exit (call $write (i32.load (i32.const 0)) (i32.const 16) (i32.const 1) (i32.const 8)))))
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_follows_the_program_is_the_programs_own()
    {
        Make("echo.wasm", Echo);
        var result = (await RunAsync("--env", "A=1", "--env=B=x=y", "echo.wasm", "--json", "--help", "-x", "", "--dir")).Ends(0);
        Assert.Equal("echo.wasm\0--json\0--help\0-x\0\0--dir\0A=1\0B=x=y\0", result.Output);
        Assert.Equal("", result.Error);
    }

    [Fact]
    public async Task A_layout_is_a_program_with_files()
    {
        // Ends with the size of the file "note" in the first directory.
        Make("size.wasm", $"""
            (module
              {Import}"path_filestat_get" (func $stat (param i32 i32 i32 i32 i32) (result i32)))
              {Import}"proc_exit" (func $exit (param i32)))
              (memory (export "memory") 1) (data (i32.const 100) "etc/note")
              (func (export "_start")
                (if (call $stat (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 8) (i32.const 200))
                  (then (call $exit (i32.const 99))))
                (call $exit (i32.load (i32.const 232)))))
            """);
        folder.Write(Path.Combine(Directory.CreateDirectory(folder.File("files/etc")).FullName, "note"), "seven..");
        (await GuardianProgram.RunAsync(folder.Path, "image", "pack", "size.wasm", "size.oci", "--files", "files")).Ends(0);
        (await RunAsync("size.oci/")).Ends(7);
        (await RunAsync("--oci", "size.oci")).Ends(7);
        (await RunAsync("size.wasm")).Ends(99);
    }

    [Theory]
    [InlineData("(call $exit (i32.const 0))", 0)]
    [InlineData("(call $exit (i32.const 3))", 3)]
    [InlineData("(call $exit (i32.const 255))", 255)]
    [InlineData("unreachable", 134)]
    public async Task The_exit_status_is_the_programs(string body, int status)
    {
        Make("exit.wasm", $"""(module {Import}"proc_exit" (func $exit (param i32))) (func (export "_start") {body}))""");
        var result = (await RunAsync("exit.wasm")).Ends(status);
        Assert.Equal("", result.Output);
        Assert.Equal(status == 134, result.Error.StartsWith("guardian: error: the program trapped", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Limits_end_a_program()
    {
        Make("loop.wasm", """(module (func (export "_start") (loop (br 0))))""");
        Assert.Contains(
            "used up", (await RunAsync("--max-instructions", "1000000", "loop.wasm")).Ends(137).Error, StringComparison.Ordinal);
        Make("large.wasm", """(module (memory 200) (func (export "_start")))""");
        (await RunAsync("--max-memory", "12", "large.wasm")).Ends(126);
    }

    [Fact]
    public async Task A_directory_is_given_under_its_name()
    {
        Make("write.wasm", Write);
        Directory.CreateDirectory(Path.Combine(folder.Path, "host"));
        (await RunAsync("--dir", "host::/guest", "write.wasm")).Ends(0);
        Assert.Equal(
            "secret words", await File.ReadAllTextAsync(Path.Combine(folder.Path, "host", "made"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_volume_keeps_what_a_program_writes_and_shows_none_of_it()
    {
        Make("write.wasm", Write);
        var volume = Path.Combine(folder.Path, "volume");
        using (var key = VolumeKey.Create())
        {
            key.Save(Path.Combine(folder.Path, "volume.key"));
            Volume.Create(volume, key).Dispose();
        }
        (await RunAsync("--volume", "volume::/guest", "--volume-key", "volume.key", "write.wasm")).Ends(0);
        Assert.All(Directory.GetFiles(volume), file => Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf("secret words"u8) < 0));
        using var again = VolumeKey.Load(Path.Combine(folder.Path, "volume.key"));
        using var opened = Volume.Open(volume, again);
        opened.Root.Open("made", Guardian.Files.FileOpenMode.Read, out var node);
        using var made = (Guardian.Files.IFile)node!;
        var content = new byte[12];
        made.Read(0, content, out _);
        Assert.Equal("secret words"u8.ToArray(), content);
    }

    [Fact]
    public async Task Its_own_failures_are_told_from_the_programs()
    {
        Make("echo.wasm", Echo);
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "text.wasm"), "no module", TestContext.Current.CancellationToken);
        Assert.Contains("--insecure-no-attestation", (await GuardianProgram.RunAsync(folder.Path, "run", "echo.wasm")).Ends(125).Error,
            StringComparison.Ordinal);
        (await RunAsync("missing.wasm")).Ends(125);
        (await RunAsync("text.wasm")).Ends(126);
        (await RunAsync()).Ends(125);
        (await RunAsync("--what", "echo.wasm")).Ends(125);
        (await RunAsync("--dir", "missing::/", "echo.wasm")).Ends(125);
        (await RunAsync("--env", "NOVALUE", "echo.wasm")).Ends(125);
        (await RunAsync("--volume", "volume::/", "echo.wasm")).Ends(125);
        (await RunAsync("--volume", "volume::/", "--volume-key", "missing.key", "echo.wasm")).Ends(125);
        var json = await RunAsync("--json", "missing.wasm");
        Assert.Equal("", json.Ends(125).Output);
        Assert.Equal("io", (string?)JsonNode.Parse(json.Error)!["error"]);
    }

    [Fact]
    public async Task A_program_that_is_started_without_streams_reaches_nothing_in_their_place()
    {
        // The process's own descriptors get the numbers of the streams, such as the pipe by which it learns of signals.
        Make("copier.wasm", CopierModule.Text);
        string[] run = [.. GuardianProgram.Command("Guardian.Cli", "guardian"), "run", "--insecure-no-attestation", "copier.wasm"];
        using var process = GuardianProgram.Start(folder.Path, ["sh"], ["-c", "exec \"$@\" <&- >&-", "sh", .. run]);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(10));
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public async Task Help_is_there_and_the_command_is_listed()
    {
        Assert.Contains(
            "--volume-key FILE", (await GuardianProgram.RunAsync(folder.Path, "run", "--help")).Ends(0).Output, StringComparison.Ordinal);
        Assert.Contains("  run ", (await GuardianProgram.RunAsync(folder.Path, "--help")).Ends(0).Output, StringComparison.Ordinal);
    }

    private void Make(string name, string text) => File.WriteAllBytes(Path.Combine(folder.Path, name), WasmEngine.Assemble(text));

    private Task<Result> RunAsync(params string[] arguments) =>
        GuardianProgram.RunAsync(folder.Path, ["run", "--insecure-no-attestation", .. arguments]);
}
