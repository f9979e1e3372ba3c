using System.CommandLine;
using System.CommandLine.Parsing;
using System.Security.Cryptography;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Output;
using Guardian.Wasi;

namespace Guardian.Cli.Commands.Programs;

/// <summary><c>guardian program build</c>.</summary>
internal sealed class ProgramBuildCommand : CliCommand
{
    private static readonly Dictionary<string, Language> Languages = new()
    {
        [".c"] = Language.C, [".cc"] = Language.Cxx, [".cpp"] = Language.Cxx, [".cxx"] = Language.Cxx, [".C"] = Language.Cxx,
        [".rs"] = Language.Rust, [".go"] = Language.Go,
    };

    private readonly Argument<string[]> words = new("SOURCES")
    {
        Description =
            "Sources in C, C++, Rust or Go, and options of their compiler; or, after --, a build such as 'make' or './configure'.",
        Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<string?> output = new("--output", "-o") { Description = "The program to write.", HelpName = "FILE" };

    public ProgramBuildCommand() : base(
        "build", "Compile unmodified sources to a confidential program, and say what they need that it cannot have.") =>
        AddSymbols(words, output);

    /// <inheritdoc/>
    public override bool TakesForeignOptions => true;

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var given = arguments.GetRequiredValue(words);
        if (arguments.Tokens.Any(token => token.Type == TokenType.DoubleDash))
        {
            return await RunBuildAsync(given, cancellation).ConfigureAwait(false);
        }
        var language = FindLanguage(given);
        var target = Path.GetFullPath(arguments.GetValue(output)
            ?? throw CliReasons.Usage.Refuse("the program to write is not named", "--output FILE names it"));
        var (exitCode, messages) = await (language switch
        {
            Language.Go => BuildGoAsync(given, target, cancellation),
            Language.Rust => BuildRustAsync(given, target, cancellation),
            _ => BuildCAsync(given, language == Language.Cxx ? "c++" : "cc", target, cancellation),
        }).ConfigureAwait(false);
        if (exitCode != 0)
        {
            throw CliReasons.NotBuilt.Refuse("the sources could not be compiled for WASI", problems: [.. MissingParts.Explain(messages)]);
        }
        // Warnings; standard output is the result's.
        await Console.Error.WriteAsync(messages).ConfigureAwait(false);
        var wasm = InputFile.ReadBytes(target);
        if (WasiProgram.FindRefusal(wasm) is { } refusal)
        {
            throw CliReasons.NotBuilt.Refuse($"{target} was compiled, but cannot run: {refusal.Detail}", problems: [.. refusal.Problems]);
        }
        var result = new ProgramBuildResult(target, Convert.ToHexStringLower(SHA256.HashData(wasm)), wasm.Length);
        terminal.Show(result, ProgramsJson.Default.ProgramBuildResult, people => people.WriteLine($"program: {result.Program}"));
        return ExitCode.Done;
    }

    // C and C++ may be mixed: the C++ compiler takes both. A folder with such sources is a program in Go.
    private static Language FindLanguage(string[] given)
    {
        var found = given.Where(word => word[0] != '-').Select(Path.GetExtension).Where(end => Languages.ContainsKey(end!))
            .Select(end => Languages[end!]).Distinct().Order().ToList();
        return found switch
        {
            [var one] => one,
            [Language.C, Language.Cxx] => Language.Cxx,
            [] when Directory.Exists(given[0]) && Directory.EnumerateFiles(given[0], "*.go").Any() => Language.Go,
            [] => throw CliReasons.Usage.Refuse(
                $"no source in C, C++, Rust or Go is named, nor a folder with sources in Go: {given[0]}",
                "a build, such as make, follows --: guardian program build -- make"),
            _ => throw CliReasons.Usage.Refuse("the sources are in languages of several compilers", "compile one program at a time"),
        };
    }

    // A build of its own finds cc, c++, ar and ranlib for WASI in its path, and in the usual variables. cargo reads variables of its own.
    private static async Task<int> RunBuildAsync(string[] command, CancellationToken cancellation)
    {
        var variables = Path.GetFileName(command[0]) == "cargo"
            ? await WasiTools.PrepareCargoAsync(cancellation).ConfigureAwait(false)
            : (await WasiTools.PrepareCAsync(cancellation).ConfigureAwait(false)).Variables;
        var exitCode = await ToolRun.ShowAsync(command[0], command[1..], variables, cancellation).ConfigureAwait(false);
        return exitCode == 0
            ? ExitCode.Done
            : throw CliReasons.NotBuilt.Refuse($"'{command[0]}' ended with exit code {exitCode}");
    }

    private static async Task<(int ExitCode, string Messages)> BuildCAsync(
        string[] given, string compiler, string target, CancellationToken cancellation)
    {
        var (folder, variables) = await WasiTools.PrepareCAsync(cancellation).ConfigureAwait(false);
        return await ToolRun.ReadAsync(
            Path.Combine(folder, compiler), ["-O2", "-o", target, .. given], variables, null, cancellation).ConfigureAwait(false);
    }

    private static async Task<(int ExitCode, string Messages)> BuildRustAsync(
        string[] given, string target, CancellationToken cancellation)
    {
        var (compiler, wasi, linker) = await WasiTools.FindRustAsync(cancellation).ConfigureAwait(false);
        return await ToolRun.ReadAsync(
            compiler, ["--target", wasi, "-C", $"linker={linker}", "-O", "-C", "strip=debuginfo", "-o", target, .. given], null, null,
            cancellation).ConfigureAwait(false);
    }

    private static async Task<(int ExitCode, string Messages)> BuildGoAsync(string[] given, string target, CancellationToken cancellation)
    {
        var isFolder = Directory.Exists(given[0]);
        var variables = new Dictionary<string, string> { ["GOOS"] = "wasip1", ["GOARCH"] = "wasm" };
        return await ToolRun.ReadAsync(
            WasiTools.Go, ["build", "-ldflags=-s", "-o", target, .. isFolder ? [.. given[1..], "."] : given], variables,
            isFolder ? given[0] : null, cancellation).ConfigureAwait(false);
    }

    private enum Language
    {
        C,
        Cxx,
        Rust,
        Go,
    }
}

/// <summary>The result of <c>program build</c>.</summary>
/// <param name="File">The program.</param>
/// <param name="Program">Its digest, for the session's <c>program</c>.</param>
/// <param name="Size">Its size in bytes.</param>
internal sealed record ProgramBuildResult(string File, string Program, int Size);
