using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Refusals;
using Guardian.Runtime.Images;

namespace Guardian.Cli.Commands.Programs;

/// <summary><c>guardian image tree</c>.</summary>
internal sealed class ImageTreeCommand : LocalCommand
{
    private readonly Argument<string> folder = new("DIR") { Description = "The folder with the files of an image." };
    private readonly Argument<string> program = new("PROGRAM") { Description = "The program's absolute path in it, such as /app.wasm." };

    public ImageTreeCommand() : base(
        "tree", "Print the digest of a program and its files as a container engine unpacks them, for the session's 'program'.") =>
        AddSymbols(folder, program);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var tree = ProgramTree.Read(InputFile.Require(arguments.GetRequiredValue(folder)), arguments.GetRequiredValue(program));
        var image = tree.Value ?? throw new RefusedException(tree.Refusal!);
        var result = new ImageTreeResult(image.Digest, image.Files.Count + 1);
        terminal.Show(result, ProgramsJson.Default.ImageTreeResult, people => people.WriteLine($"program: {result.Digest}"));
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>image tree</c>.</summary>
/// <param name="Digest">The digest that the session's <c>program</c> must name.</param>
/// <param name="Files">How many files it covers, the program included.</param>
internal sealed record ImageTreeResult(string Digest, int Files);
