using System.CommandLine;
using System.Text.Json.Nodes;
using Guardian.Refusals;
using Guardian.Runtime.Images;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian image</c>: programs as OCI image layouts.</summary>
internal static class ImageCommands
{
    public static Command Create()
    {
        var program = new Argument<string>("PROGRAM") { Description = "The program, a WebAssembly module." };
        var layout = new Argument<string>("LAYOUT") { Description = "The folder to write the image layout to." };
        var files = new Option<string?>("--files") { Description = "A folder whose content the program finds under /.", HelpName = "DIR" };
        var session = new Option<string?>("--session") { Description = "Session and service that the program is started with.", HelpName = "SESSION/SERVICE" };
        var cas = new Option<string?>("--cas") { Description = "The CAS that has the session.", HelpName = "ADDRESS" };
        var pack = new Command("pack", "Pack a program, its files and its session's name as an OCI image layout, and print the digest that the session's 'program' demands.") { program, layout, files, session, cas };
        pack.Runs((arguments, terminal) =>
        {
            var folder = arguments.GetValue(files);
            var digest = OciWriter.Write(
                arguments.GetRequiredValue(layout), File.ReadAllBytes(arguments.GetRequiredValue(program)), folder is null ? [] : FilesOf(folder), arguments.GetValue(session), arguments.GetValue(cas));
            terminal.Show(new JsonObject { ["digest"] = digest }, people => people.WriteLine($"program: {digest}"));
            return ExitCode.Done;
        });

        var read = new Argument<string>("LAYOUT") { Description = "The image layout's folder." };
        var show = new Command("show", "Check an image against its digests, and show what is in it.") { read };
        show.Runs((arguments, terminal) =>
        {
            var outcome = OciImage.Read(arguments.GetRequiredValue(read));
            var image = outcome.Value ?? throw new RefusedException(outcome.Refusal!);
            terminal.Show(
                new JsonObject
                {
                    ["digest"] = image.Digest, ["session"] = image.Session, ["cas"] = image.Cas, ["programSize"] = image.Program.Length,
                    ["files"] = new JsonArray([.. image.Files.Select(file => (JsonNode)file.Path)]),
                },
                people =>
                {
                    people.WriteLine($"program: {image.Digest}");
                    people.WriteLine($"session {image.Session ?? "not named"}, CAS {image.Cas ?? "not named"}");
                    people.WriteLine($"{image.Program.Length:N0} bytes of program, {image.Files.Count} files");
                });
            return ExitCode.Done;
        });
        return new Command("image", "Pack programs as OCI images, which registries of Docker and Kubernetes carry.") { pack, show };
    }

    private static IEnumerable<ImageFile> FilesOf(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(path => new ImageFile("/" + Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/'), File.ReadAllBytes(path)));
}
