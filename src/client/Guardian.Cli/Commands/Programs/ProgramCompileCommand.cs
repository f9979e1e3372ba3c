using System.CommandLine;
using Guardian.Attestation.Launch;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Output;
using Guardian.Wasi;

namespace Guardian.Cli.Commands.Programs;

/// <summary><c>guardian program compile</c>.</summary>
internal sealed class ProgramCompileCommand : LocalCommand
{
    private readonly Argument<string> program = new("PROGRAM")
    {
        Description = "The program's file, WebAssembly; or its image layout (guardian image pack).",
    };
    private readonly Option<string> output = new("--output", "-o")
    {
        Description = "The folder to make: the runtime, the program's native code and its image, as one enclave.",
        HelpName = "DIR",
        Required = true,
    };

    public ProgramCompileCommand() : base(
        "compile", "Compile a program to native code at its owner's, so that its enclave starts at once and compiles nothing.") =>
        AddSymbols(program, output);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var (file, folder) = (arguments.GetRequiredValue(program), arguments.GetRequiredValue(output));
        OutputFile.RequireNew(folder);
        var image = ImageLayout.IsAt(file) ? ImageLayout.Read(file) : null;
        var compiled = CompiledProgram.Compile(image?.Program ?? InputFile.ReadBytes(file), image?.Digest);
        if (compiled.Value is not { } code)
        {
            var refusal = compiled.Refusal!;
            throw CliReasons.NotBuilt.Refuse($"{file} cannot be compiled: {refusal.Detail}", problems: [.. refusal.Problems]);
        }
        CompiledFolder.Write(folder, code, image is null ? null : file);
        var result = new ProgramCompileResult(
            folder, CompiledFolder.ReadDigest(folder), EnclaveProcess.Measure(folder).ToString(), code.Length);
        terminal.Show(result, ProgramsJson.Default.ProgramCompileResult, people =>
        {
            people.WriteLine($"program: {result.Program}");
            people.WriteLine($"mrenclave: [{result.MrEnclave}]");
            people.WriteLine($"next: guardian session init {folder}, or write these two into the session");
        });
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>program compile</c>.</summary>
/// <param name="Folder">The folder of the enclave.</param>
/// <param name="Program">The digest of the WebAssembly or of its image, for the session's <c>program</c>.</param>
/// <param name="MrEnclave">The measurement of runtime and program, for the session's <c>mrenclave</c>.</param>
/// <param name="Size">The size of the native code in bytes.</param>
internal sealed record ProgramCompileResult(string Folder, string Program, string MrEnclave, int Size);
