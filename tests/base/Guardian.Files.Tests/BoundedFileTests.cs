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
        Assert.Equal(content, BoundedFile.Read(new Pipe(content), 100_000));
    }

    [Fact]
    public void A_larger_file_and_an_endless_one_are_refused()
    {
        File.WriteAllBytes(folder.File("file"), new byte[101]);
        Assert.Throws<IOException>(() => BoundedFile.Read(folder.File("file"), 100));
        Assert.Null(BoundedFile.Read(new Pipe(new byte[101]), 100));
        Assert.Throws<IOException>(() => BoundedFile.Read("/dev/zero", 1_000_000));
    }

    // Gives some bytes at a time, and does not know how many there are.
    private sealed class Pipe(byte[] content) : Stream
    {
        private int position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var size = Math.Min(Math.Min(count, 777), content.Length - position);
            content.AsSpan(position, size).CopyTo(buffer.AsSpan(offset));
            position += size;
            return size;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
