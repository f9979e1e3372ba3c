using Guardian.Oci.Containers;

namespace Guardian.Oci.Tests;

/// <summary>Finding the module of an image that a stranger made.</summary>
public sealed class ImageRootTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ImageRoot root;

    public ImageRootTests()
    {
        foreach (var path in new[] { "root/app", "root/usr/bin", "outside" })
        {
            Directory.CreateDirectory(folder.File(path));
        }
        root = new ImageRoot(folder.File("root"));
        foreach (var path in new[] { "root/app/a.wasm", "root/usr/bin/tool", "outside/host.wasm" })
        {
            File.WriteAllBytes(folder.File(path), [0, (byte)'a', (byte)'s', (byte)'m', 1, 0, 0, 0]);
        }
        folder.Write("root/app/plain", "#!/bin/sh");
        folder.Write("root/app/empty", "");
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("/app/a.wasm", "/", "/app/a.wasm")]
    [InlineData("./a.wasm", "/app", "/app/a.wasm")]
    [InlineData("../../../app/./a.wasm", "/app", "/app/a.wasm")]
    [InlineData("tool", "/", "/usr/bin/tool")]
    [InlineData("a.wasm", "/app", null)]
    [InlineData("/app/plain", "/", null)]
    [InlineData("/app/empty", "/", null)]
    [InlineData("/app", "/", null)]
    [InlineData("/missing", "/", null)]
    [InlineData("", "/", null)]
    [InlineData("/app/a.wasm/", "/", "/app/a.wasm")]
    public void A_module_is_found_as_a_container_would_find_it(string word, string workingFolder, string? found) =>
        Assert.Equal(found, root.FindModule(word, workingFolder, "/usr/bin:/app/nothing"));

    [Fact]
    public void Links_are_followed_inside_the_image()
    {
        Link("root/bin", "usr/bin");
        Link("root/first", "/bin/../../app/second");
        Link("root/app/second", "a.wasm");
        Assert.Equal("/app/a.wasm", root.FindModule("/first", "/", null));
        Assert.Equal("/usr/bin/tool", root.FindModule("tool", "/", "/bin"));
        Link("root/loop", "loop");
        Link("root/one", "two");
        Link("root/two", "one");
        Assert.Null(root.FindModule("/loop", "/", null));
        Assert.Null(root.FindModule("/one", "/", null));
    }

    // A naive search lets the system follow the links, which are the image's.
    private string? NaiveFind(string path) => File.Exists(folder.File("root") + path) ? path : null;

    [Fact]
    public void A_link_of_the_image_does_not_lead_to_a_file_of_the_host()
    {
        Link("root/up", "../outside/host.wasm");
        Link("root/absolute", folder.File("outside/host.wasm"));
        Link("root/folder", "../outside");
        foreach (var path in new[] { "/up", "/absolute", "/folder/host.wasm" })
        {
            Assert.NotNull(NaiveFind(path));
            Assert.Null(root.FindModule(path, "/", null));
        }
        Assert.Null(root.FindModule("/app/../../outside/host.wasm", "/", null));
    }

    private void Link(string path, string target) => File.CreateSymbolicLink(folder.File(path), target);
}
