using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.Cli.Commands.Programs;
using Guardian.Refusals;
using Guardian.Runtime.Images;

namespace Guardian.Cli.Tests.Programs;

/// <summary>The Linux image around a program's layout.</summary>
public sealed class ContainerArchiveTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string digest;

    public ContainerArchiveTests()
    {
        digest = OciWriter.Write(
            folder.File("layout"), "\0asm-program"u8.ToArray(), [new ImageFile("/etc/a.conf", "a"u8.ToArray())], "s/a", "cas:1",
            "r.example/app:2");
        WriteRuntime("runtime.tar");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_image_is_the_runtimes_and_a_layer_with_the_unchanged_layout()
    {
        var named = ContainerArchive.Write(folder.File("app.tar"), folder.File("runtime.tar"), folder.File("layout"), "r.example/app:2");
        TarFile.ExtractToDirectory(folder.File("app.tar"), Directory.CreateDirectory(folder.File("app")).FullName, overwriteFiles: false);
        var index = Read("app/index.json")["manifests"]![0]!;
        Assert.Equal(named, (string?)index["digest"]);
        Assert.Equal("linux", (string?)index["platform"]!["os"]);
        Assert.Equal("2", (string?)index["annotations"]!["org.opencontainers.image.ref.name"]);
        var manifest = Blob(named);
        var config = Blob((string)manifest["config"]!["digest"]!);
        Assert.Equal(["/guardian", "run", "--oci", "/image"], config["config"]!["Entrypoint"]!.AsArray().Select(word => (string)word!));
        Assert.Equal("65532:65532", (string?)config["config"]!["User"]);
        Assert.Equal(2, manifest["layers"]!.AsArray().Count);
        Assert.Equal(2, config["rootfs"]!["diff_ids"]!.AsArray().Count);

        // The layer unpacks to the layout, which still has the digest that sessions name.
        var layer = (string)manifest["layers"]![1]!["digest"]!;
        using (var packed = new System.IO.Compression.GZipStream(
            File.OpenRead(folder.File($"app/blobs/sha256/{layer[7..]}")), System.IO.Compression.CompressionMode.Decompress))
        {
            TarFile.ExtractToDirectory(packed, Directory.CreateDirectory(folder.File("root")).FullName, overwriteFiles: false);
        }
        Assert.Equal(digest, OciImage.Read(folder.File("root/image")).Value!.Digest);

        // Docker's own table names the same files.
        var docker = JsonNode.Parse(File.ReadAllText(folder.File("app/manifest.json")))![0]!;
        Assert.Equal("r.example/app:2", (string?)docker["RepoTags"]![0]);
        Assert.All(
            docker["Layers"]!.AsArray().Append(docker["Config"]), path => Assert.True(File.Exists(folder.File($"app/{(string)path!}"))));
    }

    [Fact]
    public void The_same_inputs_give_the_same_bytes()
    {
        foreach (var name in new[] { "one.tar", "two.tar" })
        {
            ContainerArchive.Write(folder.File(name), folder.File("runtime.tar"), folder.File("layout"), "app:1");
        }
        Assert.Equal(File.ReadAllBytes(folder.File("one.tar")), File.ReadAllBytes(folder.File("two.tar")));
    }

    [Fact]
    public void An_archive_that_is_no_image_is_refused()
    {
        folder.Write("garbage.tar", "no archive at all");
        WriteRuntime("changed.tar", change: true);
        WriteRuntime("empty.tar", index: "{}");
        WriteRuntime("text.tar", index: "no JSON");
        WriteRuntime("way.tar", index: """{"manifests":[{"digest":"sha256:../../../../etc/passwd"}]}""");
        foreach (var name in new[] { "garbage", "changed", "empty", "text", "way" })
        {
            var refused = Assert.Throws<RefusedException>(
                () => ContainerArchive.Write(folder.File("x.tar"), folder.File($"{name}.tar"), folder.File("layout"), "app:1"));
            Assert.Contains($"{name}.tar", refused.Message, StringComparison.Ordinal);
            Assert.False(File.Exists(folder.File("x.tar")));
        }
    }

    [Fact]
    public void A_layout_has_a_name_that_its_digest_does_not_cover()
    {
        var annotations = Read("layout/index.json")["manifests"]![0]!["annotations"]!;
        Assert.Equal("r.example/app:2", (string?)annotations["io.containerd.image.name"]);
        Assert.Equal(digest, OciWriter.Write(
            folder.File("other"), "\0asm-program"u8.ToArray(), [new ImageFile("/etc/a.conf", "a"u8.ToArray())], "s/a", "cas:1"));
        Assert.Equal("latest", (string?)Read("other/index.json")["manifests"]![0]!["annotations"]!["org.opencontainers.image.ref.name"]);
        Assert.Equal(digest, OciImage.Read(folder.File("other")).Value!.Digest);
    }

    private JsonNode Read(string file) => JsonNode.Parse(File.ReadAllText(folder.File(file)))!;

    private JsonNode Blob(string name) => Read($"app/blobs/sha256/{name[7..]}");

    // The archive of deploy/images/build in its smallest form.
    private void WriteRuntime(string name, bool change = false, string? index = null)
    {
        using var tar = new TarWriter(File.Create(folder.File(name)), TarEntryFormat.Ustar, leaveOpen: false);
        string Add(string text)
        {
            var hex = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
            Write($"blobs/sha256/{hex}", change ? text + " " : text);
            return $"sha256:{hex}";
        }
        void Write(string path, string text) => tar.WriteEntry(
            new UstarTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
        var layer = Add("layer");
        var config = Add($$$"""
            {"architecture":"amd64","os":"linux","config":{"User":"65532:65532","Entrypoint":["/guardian","run"],"Cmd":["x"]},
             "rootfs":{"type":"layers","diff_ids":["{{{layer}}}"]},"history":[]}
            """);
        var manifest = Add($$$"""
            {"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{{config}}}","size":1},
             "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{{{layer}}}","size":5}]}
            """);
        Write("index.json", index ?? $$$"""
            {"schemaVersion":2,"manifests":[{"mediaType":"{{{OciImage.ManifestType}}}","digest":"{{{manifest}}}"}]}
            """);
    }
}
