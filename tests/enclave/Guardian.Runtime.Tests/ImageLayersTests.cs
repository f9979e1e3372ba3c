using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Guardian.Runtime.Images;

namespace Guardian.Runtime.Tests;

/// <summary>Layers as image builders write them, and as nobody should.</summary>
public class ImageLayersTests
{
    private const int MaxSize = 1000;
    private const int MaxFiles = 10;

    public static TheoryData<string[], string[], string[]> Layers() => new()
    {
        { ["dir/old", "dir/deep/old", "kept"], ["dir/.wh..wh..opq", "dir/new"], ["/dir/new", "/kept"] },
        { ["dir/old", "kept"], ["dir/new", "dir/.wh..wh..opq"], ["/dir/new", "/kept"] },
        { ["old", "dir/old"], [".wh..wh..opq", "new"], ["/new"] },
        { ["dir/x", "dir/y", "dir2/x"], ["dir/.wh.x"], ["/dir/y", "/dir2/x"] },
        { ["dir/x/1", "dir/x/2", "dir/xy"], ["dir/.wh.x"], ["/dir/xy"] },
        { ["dir/x"], ["dir/x", "dir/.wh.x"], ["/dir/x"] },
        { ["place/old", "placed"], ["place"], ["/place", "/placed"] },
        { ["place", "placed"], ["place/new"], ["/place/new", "/placed"] },
        { ["place", "placed"], ["place/"], ["/placed"] },
        { ["./a", "/b", "c//d"], [], ["/a", "/b", "/c/d"] },
        { ["a"], [".wh.b", ".wh.", "dir/.wh.."], ["/a"] },
    };

    [Theory]
    [MemberData(nameof(Layers))]
    public void A_layer_changes_the_ones_below_it_and_not_itself(string[] below, string[] above, string[] expected)
    {
        var layers = new ImageLayers(MaxSize, MaxFiles);
        layers.Add(Tar(below), OciImage.PlainLayerType);
        layers.Add(Tar(above), OciImage.PlainLayerType);
        Assert.Equal(expected, layers.Files.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData(".")]
    [InlineData("./.")]
    public void A_file_outside_the_image_or_in_the_place_of_its_root_is_refused(string name) => Refuses(Tar(name));

    [Theory]
    [InlineData(TarEntryType.SymbolicLink)]
    [InlineData(TarEntryType.HardLink)]
    [InlineData(TarEntryType.CharacterDevice)]
    [InlineData(TarEntryType.Fifo)]
    public void Only_files_and_folders_are_in_an_image(TarEntryType type)
    {
        var entry = new PaxTarEntry(type, "x");
        if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
        {
            entry.LinkName = "/etc/passwd";
        }
        Refuses(Tar(tar => tar.WriteEntry(entry)));
    }

    [Fact]
    public void A_sparse_file_of_GNU_tar_is_refused_as_every_other_kind()
    {
        var layer = Tar(tar => tar.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, "x")));
        layer[156] = (byte)'S';

        SetChecksum(layer);
        var failure = Record.Exception(() => new ImageLayers(MaxSize, MaxFiles).Add(layer, OciImage.PlainLayerType));
        Assert.IsType<NotSupportedException>(failure);
        Assert.True(OciImage.IsMalformed(failure));
    }

    [Fact]
    public void An_image_that_holds_too_much_is_refused()
    {
        Refuses(Tar([.. Enumerable.Range(0, MaxFiles + 1).Select(i => $"f{i}")]));
        Refuses(Tar(tar =>
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "f") { DataStream = new MemoryStream(new byte[MaxSize + 1]) })));
        Refuses(Tar(tar =>
        {
            for (var i = 0; i <= 100_000; i++)
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, "d"));
            }
        }));
    }

    [Theory]
    [InlineData('x')]
    [InlineData('g')]
    [InlineData('L')]
    [InlineData('K')]
    public void A_header_of_any_size_is_refused_before_it_is_read(char type)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        {
            var header = Tar(tar => tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, "x")))[..512];
            header[156] = (byte)type;
            Encoding.ASCII.GetBytes("00400000000").CopyTo(header, 124);
            SetChecksum(header);
            gzip.Write(header);
            for (var i = 0; i < 64; i++)
            {
                gzip.Write(new byte[1024 * 1024]);
            }
        }
        var layers = new ImageLayers(maxSize: 512L * 1024 * 1024, MaxFiles);
        var failure = Assert.Throws<InvalidDataException>(() => layers.Add(bytes.ToArray(), OciImage.LayerType));
        Assert.Contains("a header of an archive", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Headers_without_end_are_refused()
    {
        var layers = new ImageLayers(MaxSize, MaxFiles);
        var layer = Tar(tar =>
        {
            for (var i = 0; i < 40; i++)
            {
                tar.WriteEntry(new PaxTarEntry(
                    TarEntryType.Directory, "d", [KeyValuePair.Create("comment", new string('x', 20_000))]));
            }
        });
        layers.Add(layer, OciImage.PlainLayerType);
        Assert.Contains(
            "an archive holds more", Assert.Throws<InvalidDataException>(() => layers.Add(layer, OciImage.PlainLayerType)).Message,
            StringComparison.Ordinal);
    }

    private static void Refuses(byte[] layer) =>
        Assert.Throws<InvalidDataException>(() => new ImageLayers(MaxSize, MaxFiles).Add(layer, OciImage.PlainLayerType));

    // The sum of the header's 512 bytes, itself taken as 8 spaces, in octal.
    private static void SetChecksum(byte[] header)
    {
        var checksum = header.AsSpan(148, 8);
        checksum.Fill((byte)' ');
        var sum = header.Take(512).Sum(each => each);
        Encoding.ASCII.GetBytes($"{Convert.ToString(sum, 8).PadLeft(6, '0')}\0 ").CopyTo(checksum);
    }

    private static byte[] Tar(params string[] names) => Tar(tar =>
    {
        foreach (var name in names)
        {
            var type = name.EndsWith('/') ? TarEntryType.Directory : TarEntryType.RegularFile;
            tar.WriteEntry(new PaxTarEntry(type, name));
        }
    });

    private static byte[] Tar(Action<TarWriter> write)
    {
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, TarEntryFormat.Pax, leaveOpen: true))
        {
            write(tar);
        }
        return bytes.ToArray();
    }
}
