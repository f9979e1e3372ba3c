using System.IO.Compression;

namespace Guardian.Files.Tests;

/// <summary>Files, pipes and devices of others are read to their end, or to the bound and no further.</summary>
public sealed class BoundedFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16 * 1024)]
    [InlineData(100_000)]
    public void A_file_within_the_bound_is_read_whole(int size)
    {
        var content = new byte[size];
        new Random(size).NextBytes(content);
        File.WriteAllBytes(folder.File("file"), content);
        Assert.Equal(content, BoundedFile.Read(folder.File("file"), 100_000));
        using var pipe = Pipe(content);
        Assert.Equal(content, BoundedFile.Read(pipe, 100_000));
    }

    [Fact]
    public void A_larger_file_and_an_endless_one_are_refused()
    {
        File.WriteAllBytes(folder.File("file"), new byte[101]);
        Assert.Throws<IOException>(() => BoundedFile.Read(folder.File("file"), 100));
        using var pipe = Pipe(new byte[101]);
        Assert.Null(BoundedFile.Read(pipe, 100));
        Assert.Throws<IOException>(() => BoundedFile.Read("/dev/zero", 1_000_000));
    }

    // A stream that does not know its size, and gives it in parts.
    private static GZipStream Pipe(byte[] content)
    {
        var packed = new MemoryStream();
        using (var writer = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true))
        {
            writer.Write(content);
        }
        packed.Position = 0;
        return new GZipStream(packed, CompressionMode.Decompress);
    }
}
