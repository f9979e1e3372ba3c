using Guardian.Files;

namespace Guardian.Volumes.Tests.Support;

/// <summary>Runs the same random operations on a volume and on a file system in memory, and compares every result.</summary>
internal sealed class Actor(Random random)
{
    private static readonly string[] Names = ["a", "b", "c", "d", "e", "ü", new string('n', 255)];

    /// <summary>Runs one random operation. It opens nodes by walking the same random path in both.</summary>
    public void Act(IFileSystem volume, IFileSystem memory)
    {
        var (one, other) = Walk(volume.Root, memory.Root);
        var (name, toName) = (Pick(), Pick());
        switch (random.Next(14))
        {
            case 0 or 1:
                var first = one.CreateFile(name, out var made);
                Assert.Equal(other.CreateFile(name, out var madeToo), first);
                if (made is not null)
                {
                    Change(made, madeToo!);
                    made.Dispose();
                }
                break;
            case 2:
                Assert.Equal(other.CreateDirectory(name), one.CreateDirectory(name));
                break;
            case 3:
                Assert.Equal(other.CreateSymbolicLink(name, toName + "/x"), one.CreateSymbolicLink(name, toName + "/x"));
                break;
            case 4:
                Assert.Equal(other.RemoveFile(name), one.RemoveFile(name));
                break;
            case 5:
                Assert.Equal(other.RemoveDirectory(name), one.RemoveDirectory(name));
                break;
            case 6 or 7:
                var (to, toOther) = Walk(volume.Root, memory.Root);
                Assert.Equal(other.Rename(name, toOther, toName), one.Rename(name, to, toName));
                Close(volume, to);
                break;
            case 8:
                var (from, fromOther) = Walk(volume.Root, memory.Root);
                if (from.Open(name, FileOpenMode.Read, out var node) == FileError.Success
                    && fromOther.Open(name, FileOpenMode.Read, out var nodeToo) == FileError.Success)
                {
                    Assert.Equal(other.Link(toName, nodeToo!), one.Link(toName, node!));
                    node!.Dispose();
                }
                Close(volume, from);
                break;
            default:
                var found = one.Open(name, FileOpenMode.Read | FileOpenMode.Write, out var opened);
                Assert.Equal(other.Open(name, FileOpenMode.Read | FileOpenMode.Write, out var openedToo), found);
                if (opened is IFile file)
                {
                    Change(file, (IFile)openedToo!);
                    // A file without a name stays usable.
                    if (random.Next(8) == 0)
                    {
                        Assert.Equal(other.RemoveFile(name), one.RemoveFile(name));
                        Change(file, (IFile)openedToo!);
                    }
                }
                opened?.Dispose();
                break;
        }
        Close(volume, one);
    }

    private static void Close(IFileSystem volume, IDirectory directory)
    {
        if (directory != volume.Root)
        {
            directory.Dispose();
        }
    }

    private string Pick() => Names[random.Next(Names.Length)];

    private (IDirectory One, IDirectory Other) Walk(IDirectory one, IDirectory other)
    {
        var isRoot = true;
        for (var depth = random.Next(4); depth > 0; depth--)
        {
            var name = Pick();
            if (one.Open(name, FileOpenMode.None, out var node) != FileError.Success)
            {
                continue;
            }
            if (node is not IDirectory below)
            {
                node!.Dispose();
                continue;
            }
            Assert.Equal(FileError.Success, other.Open(name, FileOpenMode.None, out var same));
            if (!isRoot)
            {
                one.Dispose();
            }
            (one, other, isRoot) = (below, (IDirectory)same!, false);
        }
        return (one, other);
    }

    // Sizes and offsets around pages, chunks and nodes, where mistakes live.
    private int Position() => random.Next(5) switch
    {
        0 => random.Next(100),
        1 => (random.Next(8) * 4096) + random.Next(-2, 3) is > 0 and var near ? near : 0,
        2 => random.Next(40_000),
        3 => (random.Next(4) * 16_384),
        _ => random.Next(700_000),
    };

    private void Change(IFile file, IFile other)
    {
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var position = (ulong)Position();
            switch (random.Next(6))
            {
                case 0:
                    Assert.Equal(other.SetSize(position), file.SetSize(position));
                    break;
                case 1:
                    var length = (ulong)Position() + 1;
                    Assert.Equal(other.Allocate(position, length), file.Allocate(position, length));
                    break;
                case 2:
                    var piece = Bytes(random.Next(6_000));
                    Assert.Equal(other.Append(piece, out _, out var endToo), file.Append(piece, out _, out var end));
                    Assert.Equal(endToo, end);
                    break;
                default:
                    var data = Bytes(random.Next(3) == 0 ? random.Next(100_000) : random.Next(9_000));
                    other.Write(position, data, out _);
                    Tree.WriteAll(file, position, data);
                    break;
            }
            var (buffer, expected) = (new byte[random.Next(50_000)], new byte[50_000]);
            position = (ulong)Position();
            other.Read(position, expected.AsSpan(0, buffer.Length), out var readToo);
            Assert.Equal(FileError.Success, file.Read(position, buffer, out var read));
            Assert.Equal(readToo, read);
            Assert.True(buffer.AsSpan(0, read).SequenceEqual(expected.AsSpan(0, read)));
        }
    }

    private byte[] Bytes(int size)
    {
        var bytes = new byte[size];
        random.NextBytes(bytes);
        return bytes;
    }
}
