using System.CommandLine;
using Guardian.Cli.Commands.Native;
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
        Description = "A folder whose content the program finds under /; links are followed inside it.",
        HelpName = "DIR",
    };
    private readonly Option<string?> session = new("--session")
    {
        Description = "Session and service with which the program is started.",
        HelpName = "SESSION/SERVICE",
    };
    private readonly Option<string?> cas = new("--cas") { Description = "The CAS that has the session.", HelpName = "ADDRESS" };

    private readonly Option<string?> name = new("--name")
    {
        Description = "The image's name for Docker, containerd and registries; it is outside the digest.",
        HelpName = "NAME:TAG",
    };
    private readonly Option<string?> container = new("--container")
    {
        Description = "Also write an ordinary Linux image that runs the program, as a file for docker load, ctr images import and skopeo.",
        HelpName = "FILE.tar",
    };
    private readonly Option<string?> runtime = new("--runtime")
    {
        Description = "With --container: the archive guardian-runtime.tar, which deploy/images/build makes.",
        HelpName = "FILE.tar",
    };

    public ImagePackCommand() : base(
        "pack",
        "Pack a program, its files and its session's name as an OCI image layout, and print the digest for the session's 'program'.") =>
        AddSymbols(program, layout, files, session, cas, name, container, runtime);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var target = arguments.GetRequiredValue(layout);
        OutputFile.RequireNewOrEmptyFolder(target);
        var archive = arguments.GetValue(container);
        var runtimeArchive = arguments.GetValue(runtime);
        if (archive is null != runtimeArchive is null)
        {
            throw CliReasons.Usage.Refuse("--container and --runtime belong together");
        }
        OutputFile.RequireNew(archive);
        var module = InputFile.ReadBytes(arguments.GetRequiredValue(program));
        List<ImageFile> others = arguments.GetValue(files) is { } folder ? [.. ReadFiles(folder)] : [];
        var tree = ProgramTree.ComputeDigest(
            OciWriter.ProgramPath,
            others.Append(new ImageFile(OciWriter.ProgramPath, module)).ToDictionary(file => file.Path, file => file.Content));
        var digest = OciWriter.Write(
            target, module, others, arguments.GetValue(session), arguments.GetValue(cas), arguments.GetValue(name));
        var image = archive is null
            ? null
            : ContainerArchive.Write(
                archive, runtimeArchive!, target, arguments.GetValue(name) ?? NameOf(arguments.GetRequiredValue(program)));
        terminal.Show(new ImagePackResult(digest, tree, image), ProgramsJson.Default.ImagePackResult, people =>
        {
            people.WriteLine($"program: {digest}");
            people.WriteLine($"tree: {tree}");
            if (image is not null)
            {
                people.WriteLine($"container: {image}");
            }
        });
        return ExitCode.Done;
    }

    // Names of images have lower-case letters, digits and single separators.
    private static string NameOf(string program)
    {
        var letters = Path.GetFileNameWithoutExtension(program).ToLowerInvariant().Where(char.IsAsciiLetterOrDigit).ToArray();
        return letters.Length > 0 ? $"{new string(letters)}:latest" : "program:latest";
    }

    // An image has no links, so a file has each path by which a link leads to it.
    private static IEnumerable<ImageFile> ReadFiles(string folder) => RootTree.Read(InputFile.Require(folder)).ListFiles()
        .Select(each => new ImageFile(each.Path, InputFile.ReadBytes(each.File.Source)));
}

/// <summary>The result of <c>image pack</c>.</summary>
/// <param name="Digest">The digest that the session's <c>program</c> must name.</param>
/// <param name="Tree">The digest of the same files once an engine unpacked them, which the session may name as well.</param>
/// <param name="Container">The digest of the Linux image's manifest; null without one. No session names it.</param>
internal sealed record ImagePackResult(string Digest, string Tree, string? Container);
