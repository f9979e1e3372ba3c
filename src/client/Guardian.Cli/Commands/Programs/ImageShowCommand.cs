using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Runtime.Images;

namespace Guardian.Cli.Commands.Programs;

/// <summary><c>guardian image show</c>.</summary>
internal sealed class ImageShowCommand : LocalCommand
{
    private readonly Argument<string> layout = new("LAYOUT") { Description = "The image layout's folder." };

    public ImageShowCommand() : base("show", "Check an image against its digests, and show its content.") => AddSymbols(layout);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var image = ImageLayout.Read(arguments.GetRequiredValue(layout));
        var result = new ImageShowResult(
            image.Digest, image.Session, image.Cas, image.Program.Length, [.. image.Files.Select(file => file.Path)]);
        terminal.Show(result, ProgramsJson.Default.ImageShowResult, people =>
        {
            people.WriteLine($"program: {result.Digest}");
            people.WriteLine($"session {result.Session ?? "not named"}, CAS {result.Cas ?? "not named"}");
            people.WriteLine($"{Format.Number(result.ProgramSize)} bytes of program, {result.Files.Count} files");
        });
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>image show</c>.</summary>
/// <param name="ProgramSize">Bytes.</param>
internal sealed record ImageShowResult(string Digest, string? Session, string? Cas, int ProgramSize, IReadOnlyList<string> Files);
