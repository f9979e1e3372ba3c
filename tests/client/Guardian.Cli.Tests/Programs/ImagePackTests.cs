using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Guardian.Cli.Tests.Programs;

/// <summary><c>guardian image pack</c> with folders as people have them.</summary>
[Trait("Starts", "processes")]
public sealed class ImagePackTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Links_are_followed_inside_the_folder_and_what_is_no_file_is_left_out()
    {
        folder.Write("app.wasm", "a module");
        Directory.CreateDirectory(folder.File("files/etc"));
        folder.Write("files/etc/app.conf", "a = b");
        File.CreateSymbolicLink(folder.File("files/conf"), "etc/app.conf");
        File.CreateSymbolicLink(folder.File("files/etc/loop"), "..");
        File.CreateSymbolicLink(folder.File("files/outside"), "/etc/passwd");
        using (var pipe = Process.Start("mkfifo", folder.File("files/pipe")))
        {
            await pipe.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        (await GuardianProgram.RunAsync(folder.Path, "image", "pack", "app.wasm", "layout", "--files", "files")).Ends(0);
        var shown = (await GuardianProgram.RunAsync(folder.Path, "image", "show", "layout", "--json")).Ends(0);
        Assert.Equal(["/conf", "/etc/app.conf"], JsonNode.Parse(shown.Output)!["files"]!.AsArray().Select(file => (string)file!));
    }
}
