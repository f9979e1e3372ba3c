using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Runtime.Images;

namespace Guardian.Cli.Commands.Programs;

/// <summary><c>guardian image pack</c>.</summary>
internal sealed class ImagePackCommand : LocalCommand
{
    private readonly Argument<string> program = new("PROGRAM") { Description = "The program, a WebAssembly module." };
    private readonly Argument<string> layout = new("LAYOUT") { Description = "The folder to write the image layout to." };
    private readonly Option<string?> files = new("--files")
    {
        Description = "A folder whose content the program finds under /.",
        HelpName = "DIR",
    };
    private readonly Option<string?> session = new("--session")
    {
        Description = "Session and service with which the program is started.",
        HelpName = "SESSION/SERVICE",
    };
    private readonly Option<string?> cas = new("--cas") { Description = "The CAS that has the session.", HelpName = "ADDRESS" };

    public ImagePackCommand() : base(
        "pack",
        "Pack a program, its files and its session's name as an OCI image layout, and print the digest for the session's 'program'.") =>
        AddSymbols(program, layout, files, session, cas);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var target = arguments.GetRequiredValue(layout);
        OutputFile.RequireNewOrEmptyFolder(target);
        var digest = OciWriter.Write(
            target, InputFile.ReadBytes(arguments.GetRequiredValue(program)), arguments.GetValue(files) is { } folder
                ? ReadFiles(folder)
                : [],
            arguments.GetValue(session), arguments.GetValue(cas));
        terminal.Show(new ImagePackResult(digest), ProgramsJson.Default.ImagePackResult, people => people.WriteLine($"program: {digest}"));
        return ExitCode.Done;
    }

    private static IEnumerable<ImageFile> ReadFiles(string folder) =>
        Directory.EnumerateFiles(InputFile.Require(folder), "*", SearchOption.AllDirectories)
        .Select(path =>
            new ImageFile("/" + Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/'), InputFile.ReadBytes(path)));
}

/// <summary>The result of <c>image pack</c>.</summary>
/// <param name="Digest">The digest that the session's <c>program</c> must name.</param>
internal sealed record ImagePackResult(string Digest);
