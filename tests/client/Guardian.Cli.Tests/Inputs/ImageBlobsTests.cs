using System.Formats.Tar;
using System.Text;
using Guardian.Cli.Inputs;

namespace Guardian.Cli.Tests.Inputs;

/// <summary>Archives of images, which a stranger may have written.</summary>
public sealed class ImageBlobsTests : IDisposable
{
    private static readonly string Hash = new('a', 64);
    private static readonly string OtherHash = new('b', 64);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Only_the_files_of_a_layout_are_unpacked()
    {
        Write(tar =>
        {
            tar.WriteEntry(File("./index.json", "{}"));
            tar.WriteEntry(File($"./blobs/sha256/{Hash}", "blob"));
            foreach (var name in new[] { "../out", "/out", "blobs/sha256/../../out", "blobs/sha256/out", "manifest.json" })
            {
                tar.WriteEntry(File(name, "x"));
            }
            tar.WriteEntry(new GnuTarEntry(TarEntryType.SymbolicLink, $"blobs/sha256/{OtherHash}") { LinkName = "/etc/passwd" });
        });
        ImageBlobs.Unpack(folder.File("archive"), folder.File("layout"));
        Assert.Equal(
            [$"blobs/sha256/{Hash}", "index.json"],
            Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(folder.File("layout"), file)).Where(file => file != "../archive")
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_size_that_a_header_claims_reserves_nothing()
    {
        Write(tar => tar.WriteEntry(File($"blobs/sha256/{Hash}", "blob")));
        var archive = System.IO.File.ReadAllBytes(folder.File("archive"));

        // 8 GiB, and the header's checksum again: the sum of its bytes, itself taken as spaces.
        Encoding.ASCII.GetBytes("77777777777").CopyTo(archive, 124);
        archive.AsSpan(148, 8).Fill((byte)' ');
        var sum = archive.Take(512).Sum(each => each);
        Encoding.ASCII.GetBytes($"{Convert.ToString(sum, 8).PadLeft(6, '0')}\0 ").CopyTo(archive, 148);
        System.IO.File.WriteAllBytes(folder.File("archive"), archive);
        Assert.Throws<InvalidDataException>(() => ImageBlobs.Unpack(folder.File("archive"), folder.File("layout")));
        Assert.InRange(new FileInfo(folder.File($"layout/blobs/sha256/{Hash}")).Length, 0, archive.Length);
    }

    private static GnuTarEntry File(string name, string content) =>
        new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) };

    private void Write(Action<TarWriter> write)
    {
        using var tar = new TarWriter(System.IO.File.Create(folder.File("archive")), TarEntryFormat.Gnu);
        write(tar);
    }
}
