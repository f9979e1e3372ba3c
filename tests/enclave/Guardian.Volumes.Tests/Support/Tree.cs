using System.Security.Cryptography;
using System.Text;
using Guardian.Files;

namespace Guardian.Volumes.Tests.Support;

/// <summary>Describes a whole file system, to compare it with another.</summary>
internal static class Tree
{
    /// <summary>A line for each path, with its kind and content.</summary>
    public static string Describe(IFileSystem files)
    {
        var text = new StringBuilder();
        Describe(files.Root, "", text);
        return text.ToString();
    }

    public static byte[] ReadAll(IFile file)
    {
        Assert.Equal(FileError.Success, file.Stat(out var stat));
        var content = new byte[stat.Size];
        var done = 0;
        while (done < content.Length)
        {
            Assert.Equal(FileError.Success, file.Read((ulong)done, content.AsSpan(done), out var read));
            Assert.True(read > 0);
            done += read;
        }
        return content;
    }

    public static IFile Create(IDirectory directory, string name, ReadOnlySpan<byte> content)
    {
        Assert.Equal(FileError.Success, directory.CreateFile(name, out var file));
        WriteAll(file!, 0, content);
        return file!;
    }

    public static void WriteAll(IFile file, ulong offset, ReadOnlySpan<byte> content)
    {
        while (content.Length > 0)
        {
            Assert.Equal(FileError.Success, file.Write(offset, content, out var written));
            content = content[written..];
            offset += (ulong)written;
        }
    }

    public static T Open<T>(IDirectory directory, string name) where T : class, INode
    {
        Assert.Equal(FileError.Success, directory.Open(name, FileOpenMode.Read | FileOpenMode.Write, out var node));
        return Assert.IsAssignableFrom<T>(node);
    }

    private static void Describe(IDirectory directory, string path, StringBuilder text)
    {
        var all = new List<DirectoryEntry>();
        for (var cookie = 0UL; ;)
        {
            Assert.Equal(FileError.Success, directory.List(cookie, 7, out var some));
            if (some.Count == 0)
            {
                break;
            }
            all.AddRange(some);
            cookie = some[^1].Next;
        }
        foreach (var entry in all.OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            Assert.Equal(FileError.Success, directory.Open(entry.Name, FileOpenMode.Read, out var node));
            using (node)
            {
                Assert.Equal(FileError.Success, node!.Stat(out var stat));
                Assert.Equal(entry.Node, stat.Node);
                var what = node switch
                {
                    IFile file => $"file {stat.LinkCount} {Digest(ReadAll(file))}",
                    ISymbolicLink link => $"link {stat.LinkCount} {Target(link)}",
                    _ => $"directory {stat.LinkCount}",
                };
                text.Append(path).Append('/').Append(entry.Name).Append(": ").Append(what).Append('\n');
                if (node is IDirectory below)
                {
                    Describe(below, $"{path}/{entry.Name}", text);
                }
            }
        }
    }

    private static string Target(ISymbolicLink link)
    {
        Assert.Equal(FileError.Success, link.ReadTarget(out var target));
        return target;
    }

    private static string Digest(byte[] content) => $"{content.Length} {Convert.ToHexStringLower(SHA256.HashData(content))[..16]}";
}
