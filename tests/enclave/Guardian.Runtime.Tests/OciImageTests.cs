using System.Security.Cryptography;
using System.Text;
using Guardian.Runtime.Images;

namespace Guardian.Runtime.Tests;

/// <summary>OCI image layouts from a host that may have changed them.</summary>
public sealed class OciImageTests : IDisposable
{
    private const string OciIndex = "application/vnd.oci.image.index.v1+json";
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

    [Theory]
    [InlineData(1, OciIndex)]
    [InlineData(31, OciIndex)]
    [InlineData(2, "application/vnd.docker.distribution.manifest.list.v2+json")]
    public void An_image_is_found_in_an_index_that_the_index_names(int depth, string type)
    {
        var digest = Pack("one");
        const string Statement = """
            {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:DIGEST", "size": 9,
             "platform": {"architecture": "unknown", "os": "unknown"}}
            """;
        for (var level = 0; level < depth; level++)
        {
            // As buildx writes it, with the provenance beside the image.
            var named = Describe(File.ReadAllText(folder.File("one/index.json")), type, "one");
            var statement = Statement.Replace("DIGEST", new string('a', 64), StringComparison.Ordinal);
            folder.Write("one/index.json", $$"""{"schemaVersion": 2, "manifests": [{{named}}, {{statement}}]}""");
        }
        var image = OciImage.Read(folder.File("one"));
        Assert.True(image.Value is not null, image.Refusal?.Detail);
        Assert.Equal((digest, 2), (image.Value.Digest, image.Value.Files.Count));
    }

    [Fact]
    public void Indexes_without_end_are_refused()
    {
        Pack("one");
        for (var level = 0; level < 33; level++)
        {
            var named = Describe(File.ReadAllText(folder.File("one/index.json")), OciIndex, "one");
            folder.Write("one/index.json", $$"""{"schemaVersion": 2, "manifests": [{{named}}]}""");
        }
        Assert.Contains("more than 32 indexes", OciImage.Read(folder.File("one")).Refusal!.Detail, StringComparison.Ordinal);

        // One index, named ten thousand times.
        var one = Describe("""{"schemaVersion": 2, "manifests": []}""", OciIndex, "one");
        folder.Write("one/index.json", $$"""{"manifests": [{{string.Join(',', Enumerable.Repeat(one, 5_000))}}]}""");
        Assert.Contains("more than 32 indexes", OciImage.Read(folder.File("one")).Refusal!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_or_missing_index_is_refused()
    {
        Pack("one");
        var named = Describe(File.ReadAllText(folder.File("one/index.json")), OciIndex, "one");
        folder.Write("one/index.json", $$"""{"manifests": [{{named}}]}""");
        var blob = Directory.GetFiles(folder.File("one/blobs/sha256")).MaxBy(File.GetLastWriteTimeUtc)!;
        File.AppendAllText(blob, " ");
        Assert.Contains("does not match", OciImage.Read(folder.File("one")).Refusal!.Detail, StringComparison.Ordinal);
        File.Delete(blob);
        Assert.Contains("is missing", OciImage.Read(folder.File("one")).Refusal!.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"architecture": "amd64", "os": "linux"}""", true)]
    [InlineData("""{"architecture": "amd64", "os": "linux"}, {"architecture": "arm64", "os": "linux"}""", false)]
    [InlineData("""{"architecture": "amd64", "os": "linux"}, {"architecture": "wasm", "os": "wasip1"}""", true)]
    [InlineData("""{"architecture": "wasm", "os": "wasi"}, {"architecture": "wasm", "os": "wasip1"}""", false)]
    public void The_only_image_is_read_or_the_only_one_for_wasm(string platforms, bool isRead)
    {
        Directory.CreateDirectory(folder.File("bad/blobs/sha256"));
        const string Docker = "application/vnd.docker.distribution.manifest.v2+json";
        var (layer, _) = OciWriter.PackLayer([new ImageFile("/app.wasm", Program)]);
        var config = Describe(
            """{"config": {"Entrypoint": [], "Cmd": ["/app.wasm"]}}""", "application/vnd.docker.container.image.v1+json");
        var packed = Describe(layer, "application/vnd.docker.image.rootfs.diff.tar.gzip", "bad");
        var images = platforms.Split("}, ").Select((platform, number) =>
        {
            var manifest = $$"""{"config": {{config}}, "layers": [{{packed}}], "annotations": {"number": "{{number}}"} }""";
            return $"{Describe(manifest, Docker)[..^1]}, \"platform\": {platform.TrimEnd('}')}}} }}";
        });
        folder.Write("bad/index.json", $$"""{"schemaVersion": 2, "manifests": [{{string.Join(',', images)}}]}""");
        var image = OciImage.Read(folder.File("bad"));
        Assert.True(isRead == image.Value is not null, image.Refusal?.Detail);
    }

    private string Describe(string content, string type, string layout = "bad") => Describe(Encoding.UTF8.GetBytes(content), type, layout);

    // Writes a blob, and describes it.
    private string Describe(byte[] bytes, string type, string layout)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(bytes));
        File.WriteAllBytes(folder.File($"{layout}/blobs/sha256/{digest}"), bytes);
        return $$"""{"mediaType": "{{type}}", "digest": "sha256:{{digest}}", "size": {{bytes.Length}}}""";
    }

    private string Pack(string layout) => OciWriter.Write(
        folder.File(layout), Program,
        [new ImageFile("/www/index.html", "hello"u8.ToArray()), new ImageFile("/etc/app.conf", "a = b"u8.ToArray())],
        "shop/web", "cas.example:8443");
}
