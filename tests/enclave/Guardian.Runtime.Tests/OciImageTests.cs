using Guardian.Runtime.Base;
using Guardian.Runtime.Images;

namespace Guardian.Runtime.Tests;

/// <summary>Programs as OCI image layouts, from a host that may change them.</summary>
public sealed class OciImageTests : IDisposable
{
    private static readonly byte[] Program = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_was_packed_is_read_and_the_same_files_give_the_same_digest()
    {
        var digest = Pack("one");
        Assert.Equal(digest, Pack("two"));
        var image = OciImage.Read(folder.File("one"));
        Assert.Equal((digest, "shop/web", "cas.example:8443"), (image.Digest, image.Session, image.Cas));
        Assert.Equal(Program, image.Program);
        Assert.Equal(["/etc/app.conf", "/www/index.html"], image.Files.Select(file => file.Path));
        Assert.Equal("hello"u8.ToArray(), image.Files[1].Content);
    }

    [Fact]
    public void Every_altered_byte_of_a_blob_is_noticed()
    {
        Pack("one");
        foreach (var blob in Directory.GetFiles(folder.File("one/blobs/sha256")))
        {
            var content = File.ReadAllBytes(blob);
            for (var i = 0; i < content.Length; i += 7)
            {
                content[i] ^= 1;
                File.WriteAllBytes(blob, content);
                Assert.Throws<RuntimeException>(() => OciImage.Read(folder.File("one")));
                content[i] ^= 1;
            }
            File.WriteAllBytes(blob, content);
        }
        Assert.NotNull(OciImage.Read(folder.File("one")));
    }

    [Fact]
    public void An_exchanged_index_gives_another_digest_which_the_session_does_not_name()
    {
        var digest = Pack("one");
        OciWriter.Write(folder.File("one"), [.. Program, 0], [], null, null);
        Assert.NotEqual(digest, OciImage.Read(folder.File("one")).Digest);
    }

    [Fact]
    public void What_is_no_layout_is_explained()
    {
        Assert.Throws<RuntimeException>(() => OciImage.Read(folder.File("nothing")));
        Directory.CreateDirectory(folder.File("bad"));
        foreach (var index in new[] { "", "{", "null", "{\"schemaVersion\":2,\"manifests\":[]}", "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:../../etc/passwd\",\"size\":1}]}" })
        {
            folder.Write("bad/index.json", index);
            Assert.Throws<RuntimeException>(() => OciImage.Read(folder.File("bad")));
        }
    }

    private string Pack(string layout) => OciWriter.Write(
        folder.File(layout), Program, [new ImageFile("/www/index.html", "hello"u8.ToArray()), new ImageFile("/etc/app.conf", "a = b"u8.ToArray())], "shop/web", "cas.example:8443");
}
