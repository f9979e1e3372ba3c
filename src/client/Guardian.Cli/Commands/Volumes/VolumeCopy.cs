using Guardian.Cli.Failures;
using Guardian.Files;

namespace Guardian.Cli.Commands.Volumes;

/// <summary>Copies files and folders into a volume and out of it. An instance makes one copy.</summary>
internal sealed class VolumeCopy(Action<double, string> progress, CancellationToken cancellation)
{
    /// <summary>The largest time that is shown, in nanoseconds since 1970: the year 2262. Larger ones would overflow a signed
    /// integer.</summary>
    public const ulong MaxTime = ulong.MaxValue / 2;

    private readonly byte[] buffer = new byte[1024 * 1024];
    private long total = 1;

    public long Files { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Copies from this machine. A file of that name in the volume is replaced.</summary>
    public void Put(string source, IDirectory root, string target)
    {
        total = Math.Max(1, File.Exists(source) ? new FileInfo(source).Length : MeasureFolder(source));
        if (target.Trim('/').Length == 0 && Directory.Exists(source))
        {
            PutFolder(source, root, "/");
            return;
        }
        var (directory, name) = VolumePath.OpenParent(root, target);
        PutAny(source, directory, name, target);
    }

    /// <summary>Copies to this machine.</summary>
    /// <param name="target">A path at which nothing exists.</param>
    public void Get(IDirectory root, string source, string target)
    {
        var node = VolumePath.Open(root, source);
        var files = VolumePath.List(root, source, recursive: true).Where(entry => entry.Stat.Kind == FileKind.RegularFile);
        total = Math.Max(1, files.Sum(entry => (long)entry.Stat.Size));
        GetAny(node, source, target);
    }

    private static long MeasureFolder(string path) =>
        new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Where(file => file.LinkTarget is null)
            .Sum(file => file.Length);

    private void PutAny(string source, IDirectory directory, string name, string path)
    {
        cancellation.ThrowIfCancellationRequested();
        if (new FileInfo(source).LinkTarget is { } link)
        {
            VolumePath.Require(directory.CreateSymbolicLink(name, link), path);
        }
        else if (Directory.Exists(source))
        {
            if (directory.CreateDirectory(name) is not (FileError.Success or FileError.Exists) and var error)
            {
                VolumePath.Require(error, path);
            }
            VolumePath.Require(directory.Open(name, FileOpenMode.None, out var below), path);
            using (below)
            {
                PutFolder(source, below as IDirectory ?? throw CliReasons.NotADirectory.Refuse($"{path} is a file in the volume"), path);
            }
        }
        else if (File.Exists(source) && new FileInfo(source).Attributes.HasFlag(FileAttributes.Device) is false)
        {
            PutFile(source, directory, name, path);
        }
    }

    private void PutFolder(string source, IDirectory directory, string path)
    {
        foreach (var each in Directory.EnumerateFileSystemEntries(source).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(each);
            PutAny(each, directory, name, $"{path.TrimEnd('/')}/{name}");
        }
    }

    private void PutFile(string source, IDirectory directory, string name, string path)
    {
        using var from = File.OpenHandle(source, options: FileOptions.SequentialScan);
        if (directory.CreateFile(name, out var file) is not FileError.Success and var error)
        {
            if (error != FileError.Exists || directory.Open(name, FileOpenMode.Write, out var there) != FileError.Success)
            {
                VolumePath.Require(error, path);
                return;
            }
            file = there as IFile ?? throw VolumePath.ExistsAsOther(path);
            VolumePath.Require(file.SetSize(0), path);
        }
        using (file)
        {
            var offset = 0L;
            for (int read; (read = RandomAccess.Read(from, buffer, offset)) > 0; offset += read)
            {
                for (var done = 0; done < read;)
                {
                    VolumePath.Require(file!.Write((ulong)(offset + done), buffer.AsSpan(done, read - done), out var written), path);
                    done += written;
                }
                Report(read, path);
            }
            var modified = (File.GetLastWriteTimeUtc(source) - DateTime.UnixEpoch).Ticks * 100;
            VolumePath.Require(file!.SetTimes(null, (ulong)Math.Max(0, modified)), path);
        }
        Files++;
    }

    private void GetAny(INode node, string path, string target)
    {
        cancellation.ThrowIfCancellationRequested();
        switch (node)
        {
            case IDirectory directory:
                Directory.CreateDirectory(target);
                foreach (var entry in VolumePath.ListNames(directory, path))
                {
                    var below = $"{path.TrimEnd('/')}/{entry.Name}";
                    VolumePath.Require(directory.Open(entry.Name, FileOpenMode.Read, out var next), below);
                    using (next)
                    {
                        GetAny(next!, below, Path.Combine(target, entry.Name));
                    }
                }
                break;
            case ISymbolicLink link:
                VolumePath.Require(link.ReadTarget(out var linked), path);
                File.CreateSymbolicLink(target, linked);
                break;
            case IFile file:
                GetFile(file, path, target);
                break;
        }
    }

    private void GetFile(IFile file, string path, string target)
    {
        VolumePath.Require(file.Stat(out var stat), path);
        using (var to = File.OpenHandle(target, FileMode.CreateNew, FileAccess.Write))
        {
            var offset = 0UL;
            while (true)
            {
                VolumePath.Require(file.Read(offset, buffer, out var read), path);
                if (read == 0)
                {
                    break;
                }
                RandomAccess.Write(to, buffer.AsSpan(0, read), (long)offset);
                offset += (ulong)read;
                Report(read, path);
            }
        }
        File.SetLastWriteTimeUtc(target, DateTime.UnixEpoch.AddTicks((long)(Math.Min(stat.ModificationTime, MaxTime) / 100)));
        Files++;
    }

    private void Report(int size, string path)
    {
        cancellation.ThrowIfCancellationRequested();
        Bytes += size;
        progress(Math.Min(1, (double)Bytes / total), path);
    }
}
