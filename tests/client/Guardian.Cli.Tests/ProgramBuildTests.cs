using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Guardian.Wasi.Engine;

namespace Guardian.Cli.Tests;

/// <summary><c>guardian program build</c> with compilers that tests write. The suite 'languages' runs it with real ones.</summary>
[Trait("Starts", "processes")]
public sealed class ProgramBuildTests : IDisposable
{
    private const string Clang = """
        for word; do [ "$previous" != -o ] || output=$word; previous=$word; done
        echo "$*" >words
        case "$*" in
          *threads.c*) echo "wasm-ld: error: threads.o: undefined symbol: sem_open" >&2; exit 1 ;;
          *unknown.c*) echo "unknown.c:1:2: error: call to undeclared function 'frobnicate'; ISO C99" >&2; exit 1 ;;
          *header.c*) echo "header.c:1:10: fatal error: 'sys/epoll.h' file not found" >&2; exit 1 ;;
          *throws.cc*) echo "throws.cc:9:5: error: cannot use 'throw' with exceptions disabled" >&2; exit 1 ;;
          *syntax.c*) echo "syntax.c:3:1: error: expected ';'" >&2; exit 1 ;;
          *warned.c*) echo "warned.c:1:1: warning: unused" >&2 ;;
        esac
        cp module.wasm "$output"
        """;
    private const string Translator = """
        echo "$*" >translation
        """;
    private const string Go = """
        echo "$GOOS $GOARCH $*" >words
        while [ "$1" != -o ]; do shift; done
        cp module.wasm "$2"
        """;

    private static readonly byte[] Module = WasmEngine.Assemble("""(module (memory (export "memory") 1) (func (export "_start")))""");

    private readonly TemporaryFolder folder = new();

    public ProgramBuildTests()
    {
        WriteScript("clang", Clang);
        WriteScript("clang++", Clang);
        WriteScript("translator", Translator);
        WriteScript("go", Go);
        Directory.CreateDirectory(folder.File("sysroot/lib/wasm32-wasi"));
        folder.Write("sysroot/lib/wasm32-wasi/libsetjmp.a", "");
        folder.Write("environment", $"""
            GUARDIAN_CLANG={folder.File("clang")}
            GUARDIAN_WASM_OPT={folder.File("translator")}
            GUARDIAN_WASI_SYSROOT={folder.File("sysroot")}
            GUARDIAN_GO={folder.File("go")}

            """.TrimEnd());
        File.WriteAllBytes(folder.File("module.wasm"), Module);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_C_program_is_compiled_translated_and_digested()
    {
        var result = (await RunAsync("--output", "a.wasm", "-Iinclude", "-include", "some.h", "main.c", "-pthread", "-lm")).Ends(0);
        Assert.Equal($"program: {Convert.ToHexStringLower(SHA256.HashData(Module))}\n", result.Output);
        Assert.Equal(Module, await File.ReadAllBytesAsync(folder.File("a.wasm"), TestContext.Current.CancellationToken));
        Assert.Contains("--translate-to-exnref", Read("translation"), StringComparison.Ordinal);
        // The order of the words is the user's; what has no meaning for WASI is left out.
        Assert.Contains(" -Iinclude -include some.h main.c -lm ", Read("words"), StringComparison.Ordinal);
        Assert.Contains("--wrap=fcntl", Read("words"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_result_is_one_line_of_json_and_warnings_go_to_standard_error()
    {
        var result = (await RunAsync("--output", "a.wasm", "warned.c", "--json")).Ends(0).Says("warning: unused");
        var line = JsonNode.Parse(result.Output)!;
        Assert.Equal(folder.File("a.wasm"), (string)line["file"]!);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Module)), (string)line["program"]!);
        Assert.Equal(Module.Length, (int)line["size"]!);
    }

    [Theory]
    [InlineData("threads.c", "sem_open: there are no threads")]
    [InlineData("unknown.c", "frobnicate: WASI does not have it, and the compatibility library does not either")]
    [InlineData("header.c", "WASI has no <sys/epoll.h>")]
    [InlineData("throws.cc", "has no exceptions")]
    [InlineData("syntax.c", "syntax.c:3:1: error: expected ';'")]
    public async Task A_source_that_cannot_be_compiled_is_explained(string source, string message)
    {
        (await RunAsync("--output", "a.wasm", source)).Ends(1).Says("could not be compiled").Says(message);
        Assert.False(File.Exists(folder.File("a.wasm")));
    }

    [Fact]
    public async Task A_folder_with_sources_in_Go_is_compiled_where_it_is()
    {
        Directory.CreateDirectory(folder.File("app"));
        folder.Write("app/main.go", "package main");
        File.Copy(folder.File("module.wasm"), folder.File("app/module.wasm"));
        (await RunAsync("--output", "a.wasm", "app", "-tags", "small")).Ends(0);
        Assert.Equal($"wasip1 wasm build -ldflags=-s -o {folder.File("a.wasm")} -tags small .\n", Read("app/words"));
        Assert.Equal(Module, await File.ReadAllBytesAsync(folder.File("a.wasm"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_program_that_could_not_start_is_refused()
    {
        await File.WriteAllBytesAsync(
            folder.File("module.wasm"),
            WasmEngine.Assemble("""(module (import "env" "fork" (func)) (memory (export "memory") 1) (func (export "_start")))"""),
            TestContext.Current.CancellationToken);
        (await RunAsync("--output", "a.wasm", "main.go")).Ends(1).Says("fork");
    }

    [Fact]
    public async Task A_build_of_its_own_finds_the_compiler()
    {
        (await RunAsync("--", "sh", "-c", "\"$CC\" -c some.c -o some.o && echo \"$AR\" >archiver")).Ends(0);
        Assert.Contains("-c some.c -o some.o", Read("words"), StringComparison.Ordinal);
        Assert.Equal("ar\n", Read("archiver"));
        (await RunAsync("--", "sh", "-c", "exit 7")).Ends(1).Says("exit code 7");
        (await RunAsync("--", "no-such-build")).Ends(3).Says("no-such-build");
    }

    [Fact]
    public async Task Missing_compilers_are_named_with_their_packages()
    {
        File.Delete(folder.File("sysroot/lib/wasm32-wasi/libsetjmp.a"));
        (await RunAsync("--output", "a.wasm", "main.c")).Ends(3).Says("setjmp").Says("apt-get install clang lld llvm wasi-libc");
        folder.Write("environment", "PATH=/nonexistent");
        (await RunAsync("--output", "a.wasm", "main.c")).Ends(3).Says("there is no clang");
        (await RunAsync("--output", "a.wasm", "main.rs")).Ends(3).Says("apt-get install");
    }

    [Fact]
    public async Task A_library_with_exceptions_takes_the_place_of_Debians()
    {
        (await RunAsync("--output", "a.wasm", "main.cc")).Ends(0);
        Assert.Contains(" -fno-exceptions ", Read("words"), StringComparison.Ordinal);
        Directory.CreateDirectory(folder.File(".local/state/guardian/libcxx"));
        (await RunAsync("--output", "a.wasm", "main.cc")).Ends(0);
        var words = Read("words");
        Assert.Contains($" -isystem {folder.File(".local/state/guardian/libcxx")}/include/c++/v1 ", words, StringComparison.Ordinal);
        Assert.Contains(" -fwasm-exceptions ", words, StringComparison.Ordinal);
        Assert.Contains(" -lunwind ", words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_build_by_cargo_finds_the_target_and_the_linker()
    {
        WriteScript("rustc", $"echo {folder.File("rust")}\n");
        WriteScript("wasm-ld", "");
        WriteScript("cargo", "echo \"$CARGO_BUILD_TARGET $CARGO_TARGET_WASM32_WASIP1_LINKER $RUSTC $*\" >words\n");
        Directory.CreateDirectory(folder.File("rust/lib/rustlib/wasm32-wasip1"));
        var path = $"{folder.Path}:{Environment.GetEnvironmentVariable("PATH")}";
        folder.Write("environment", $"GUARDIAN_RUSTC={folder.File("rustc")}\nPATH={path}");
        (await RunAsync("--", "cargo", "build", "--release")).Ends(0);
        Assert.Equal($"wasm32-wasip1 {folder.File("wasm-ld")} {folder.File("rustc")} build --release\n", Read("words"));
    }

    [Theory]
    [InlineData("main.c")]
    [InlineData("--output a.wasm")]
    [InlineData("--output a.wasm notes.txt")]
    [InlineData("--output a.wasm main.c main.go")]
    public async Task A_wrong_command_line_ends_with_2(string words) => (await RunAsync(words.Split(' '))).Ends(2);

    private Task<Result> RunAsync(params string[] words) => GuardianProgram.RunAsync(folder.Path, ["program", "build", .. words]);

    private string Read(string name) => File.ReadAllText(folder.File(name));

    private void WriteScript(string name, string text) =>
        File.SetUnixFileMode(
            folder.Write(name, "#!/bin/sh\n" + text), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
}
