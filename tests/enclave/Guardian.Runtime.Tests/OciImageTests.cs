using System.Security.Cryptography;
using System.Text;
using Guardian.Runtime.Images;

namespace Guardian.Runtime.Tests;

/// <summary>OCI image layouts from a host that may have changed them.</summary>
public sealed class OciImageTests : IDisposable
{
    private static readonly byte[] Program = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_packed_image_can_be_read_and_the_same_files_give_the_same_digest()
    {
        var digest = Pack("one");
        Assert.Equal(digest, Pack("two"));
        var image = OciImage.Read(folder.File("one")).Value!;
        Assert.Equal((digest, "shop/web", "cas.example:8443"), (image.Digest, image.Session, image.Cas));
        Assert.Equal(Program, image.Program);
        Assert.Equal(["/etc/app.conf", "/www/index.html"], image.Files.Select(file => file.Path));
        Assert.Equal("hello"u8.ToArray(), image.Files[1].Content);
    }

    [Fact]
    public void Every_changed_byte_of_a_blob_is_detected()
    {
        Pack("one");
        foreach (var blob in Directory.GetFiles(folder.File("one/blobs/sha256")))
        {
            var content = File.ReadAllBytes(blob);
            for (var i = 0; i < content.Length; i += 7)
            {
                content[i] ^= 1;
                File.WriteAllBytes(blob, content);
                Assert.Equal("bad-image", OciImage.Read(folder.File("one")).Refusal!.Code);
                content[i] ^= 1;
            }
            File.WriteAllBytes(blob, content);
        }
        Assert.NotNull(OciImage.Read(folder.File("one")).Value);
    }

    [Fact]
    public void Another_index_gives_another_digest()
    {
        var digest = Pack("one");
        OciWriter.Write(folder.File("one"), [.. Program, 0], [], null, null);
        Assert.NotEqual(digest, OciImage.Read(folder.File("one")).Value!.Digest);
    }

    [Fact]
    public void A_malformed_layout_is_refused()
    {
        Assert.Equal("bad-image", OciImage.Read(folder.File("nothing")).Refusal!.Code);
        Directory.CreateDirectory(folder.File("bad"));
        const string evil =
            """{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:../../etc/passwd", "size": 1}""";
        string[] indexes =
        [
            "", "{", "null", """{"schemaVersion": 2, "manifests": []}""", $$"""{"schemaVersion": 2, "manifests": [{{evil}}]}""",
        ];
        foreach (var index in indexes)
        {
            folder.Write("bad/index.json", index);
            Assert.Equal("bad-image", OciImage.Read(folder.File("bad")).Refusal!.Code);
        }
    }

    [Theory]
    [InlineData("""{"schemaVersion": 2}""")]
    [InlineData("""{"schemaVersion": 2, "manifests": [null]}""")]
    [InlineData("""{"schemaVersion": 2, "manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 1}]}""")]
    public void An_index_with_missing_members_is_refused(string index)
    {
        Directory.CreateDirectory(folder.File("bad"));
        folder.Write("bad/index.json", index);
        Assert.Equal("bad-image", OciImage.Read(folder.File("bad")).Refusal!.Code);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"config": CONFIG}""")]
    [InlineData("""{"config": CONFIG, "layers": [null]}""")]
    [InlineData("""{"config": CONFIG, "layers": [{}]}""")]
    [InlineData("""{"config": null, "layers": []}""")]
    [InlineData("""{"config": {"size": 2}, "layers": []}""")]
    public void A_manifest_with_missing_members_is_refused(string manifest)
    {
        Directory.CreateDirectory(folder.File("bad/blobs/sha256"));
        var config = Describe("""{"config": {"Entrypoint": ["/program.wasm"]}}""", "application/vnd.oci.image.config.v1+json");
        var named = Describe(manifest.Replace("CONFIG", config, StringComparison.Ordinal), "application/vnd.oci.image.manifest.v1+json");
        folder.Write("bad/index.json", $$"""{"schemaVersion": 2, "manifests": [{{named}}]}""");
        Assert.Equal("bad-image", OciImage.Read(folder.File("bad")).Refusal!.Code);
    }

    // Writes a blob, and describes it.
    private string Describe(string content, string type)
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        var digest = Convert.ToHexStringLower(SHA256.HashData(bytes));
        File.WriteAllBytes(folder.File($"bad/blobs/sha256/{digest}"), bytes);
        return $$"""{"mediaType": "{{type}}", "digest": "sha256:{{digest}}", "size": {{bytes.Length}}}""";
    }

    private string Pack(string layout) => OciWriter.Write(
        folder.File(layout), Program,
        [new ImageFile("/www/index.html", "hello"u8.ToArray()), new ImageFile("/etc/app.conf", "a = b"u8.ToArray())],
        "shop/web", "cas.example:8443");
}
