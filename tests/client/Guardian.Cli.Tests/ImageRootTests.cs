using System.Security.Cryptography;
using System.Text;
using Guardian.Cli.Commands.Native;
using Guardian.Refusals;
using Guardian.Runtime.Images;

namespace Guardian.Cli.Tests;

/// <summary>Layouts of several images, as other tools write them.</summary>
public sealed class ImageRootTests : IDisposable
{
    private const string IndexType = "application/vnd.oci.image.index.v1+json";
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void The_image_for_this_machine_is_found_among_others_and_in_further_indexes(int depth)
    {
        var manifest = WriteImage("/bin/app");
        var missing = $$"""{"mediaType":"{{OciImage.ManifestType}}","digest":"sha256:{{new string('a', 64)}}","size":9""";
        var index = $$"""
            {"manifests":[
             {{missing}},"platform":{"architecture":"s390x","os":"linux"} },
             {{missing}},"platform":{"architecture":"amd64","os":"windows"} },
             {{missing}},"platform":{"architecture":"unknown","os":"unknown"} },
             {{manifest}}]}
            """;
        for (var level = 0; level < depth; level++)
        {
            index = $$"""{"manifests":[{{Blob(index, IndexType)}}]}""";
        }
        folder.Write("layout/index.json", index);
        var image = Read();
        Assert.Equal(["/bin/app"], image.Command);
        Assert.Contains(image.Digest!, manifest, StringComparison.Ordinal);
        Assert.Equal(["/etc/app.conf"], image.Files.Value.ListFiles().Select(file => file.Path));
    }

    [Fact]
    public void Layers_are_read_only_when_their_files_are_needed()
    {
        folder.Write("layout/index.json", $$"""{"manifests":[{{WriteImage("/bin/app")}}]}""");
        Array.ForEach(Directory.GetFiles(folder.File("layout/blobs/sha256")), file =>
        {
            if (!File.ReadAllText(file).StartsWith('{'))
            {
                File.Delete(file);
            }
        });
        var image = Read();
        Assert.Equal(["/bin/app"], image.Command);
        Assert.Empty(Directory.GetFiles(folder.File("files")));
        var refused = Assert.Throws<RefusedException>(() => image.Files.Value);
        Assert.Contains("given.tar is no usable OCI image layout", refused.Message, StringComparison.Ordinal);
    }

    private ImageRoot Read() => ImageRoot.Read(
        folder.File("layout"), Directory.CreateDirectory(folder.File("files")).FullName, "given.tar");

    private string WriteImage(string entry)
    {
        var (layer, _) = OciWriter.PackLayer([new ImageFile("/etc/app.conf", "a"u8.ToArray())]);
        var config = Blob($$"""{"config":{"Entrypoint":["{{entry}}"]} }""", OciImage.ConfigType);
        return Blob($$"""{"config":{{config}},"layers":[{{Blob(layer, OciImage.LayerType)}}]}""", OciImage.ManifestType);
    }

    private string Blob(string content, string type) => Blob(Encoding.UTF8.GetBytes(content), type);

    private string Blob(byte[] content, string type)
    {
        var hex = Convert.ToHexStringLower(SHA256.HashData(content));
        Directory.CreateDirectory(folder.File("layout/blobs/sha256"));
        File.WriteAllBytes(folder.File($"layout/blobs/sha256/{hex}"), content);
        return $$"""{"mediaType":"{{type}}","digest":"sha256:{{hex}}","size":{{content.Length}}}""";
    }
}
