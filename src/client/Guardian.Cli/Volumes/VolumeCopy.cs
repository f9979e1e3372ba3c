using Guardian.Files;

namespace Guardian.Cli.Volumes;

/// <summary>Copies files and folders into a volume and out of it. Used once.</summary>
internal sealed class VolumeCopy(Action<double, string> progress, CancellationToken cancellation)
{
    /// <summary>The last instant that a date can show: 9999-12-31, in nanoseconds since 1970; the rest fits into 64 bits only from here on.</summary>
    public const ulong MaxTime = ulong.MaxValue / 2;

    private readonly byte[] buffer = new byte[1024 * 1024];
    private long total = 1;

    public long Files { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Copies from this machine; what is there already as a file is replaced.</summary>
    public void Put(string source, IDirectory root, string target)
    {
        if (!Path.Exists(source))
        {
            throw new CliException(ExitCode.Usage, "no-entry", $"there is no {source}");
        }
        total = Math.Max(1, File.Exists(source) ? new FileInfo(source).Length : new DirectoryInfo(source).EnumerateFiles("*", SearchOption.AllDirectories).Where(file => file.LinkTarget is null).Sum(file => file.Length));
        if (target.Trim('/').Length == 0 && Directory.Exists(source))
        {
            PutFolder(source, root, "/");
            return;
        }
        var (directory, name) = VolumePath.OpenParent(root, target);
        PutAny(source, directory, name, target);
    }

    /// <summary>Copies to this machine, where nothing is at the target.</summary>
    public void Get(IDirectory root, string source, string target)
    {
        var node = VolumePath.Open(root, source);
        total = Math.Max(1, VolumePath.List(root, source, recursive: true).Where(entry => entry.Stat.Kind == FileKind.RegularFile).Sum(entry => (long)entry.Stat.Size));
        GetAny(node, source, target);
    }

    private void PutAny(string source, IDirectory directory, string name, string path)
    {
        cancellation.ThrowIfCancellationRequested();
        if (new FileInfo(source).LinkTarget is { } link)
        {
            VolumePath.Demand(directory.CreateSymbolicLink(name, link), path);
        }
        else if (Directory.Exists(source))
        {
            if (directory.CreateDirectory(name) is not (FileError.Success or FileError.Exists) and var error)
            {
                VolumePath.Demand(error, path);
            }
            VolumePath.Demand(directory.Open(name, FileOpenMode.None, out var below), path);
            using (below)
            {
                PutFolder(source, below as IDirectory ?? throw new CliException(ExitCode.Usage, "not-a-directory", $"{path} is a file in the volume"), path);
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
                VolumePath.Demand(error, path);
                return;
            }
            file = there as IFile ?? throw new CliException(ExitCode.Usage, "exists", $"{path} is there already, as something else");
            VolumePath.Demand(file.SetSize(0), path);
        }
        using (file)
        {
            var offset = 0L;
            for (int read; (read = RandomAccess.Read(from, buffer, offset)) > 0; offset += read)
            {
                for (var done = 0; done < read;)
                {
                    VolumePath.Demand(file!.Write((ulong)(offset + done), buffer.AsSpan(done, read - done), out var written), path);
                    done += written;
                }
                Report(read, path);
            }
            var modified = (File.GetLastWriteTimeUtc(source) - DateTime.UnixEpoch).Ticks * 100;
            VolumePath.Demand(file!.SetTimes(null, (ulong)Math.Max(0, modified)), path);
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
                foreach (var entry in VolumePath.Names(directory, path))
                {
                    var below = $"{path.TrimEnd('/')}/{entry.Name}";
                    VolumePath.Demand(directory.Open(entry.Name, FileOpenMode.Read, out var next), below);
                    using (next)
                    {
                        GetAny(next!, below, Path.Combine(target, entry.Name));
                    }
                }
                break;
            case ISymbolicLink link:
                VolumePath.Demand(link.ReadTarget(out var linked), path);
                File.CreateSymbolicLink(target, linked);
                break;
            case IFile file:
                GetFile(file, path, target);
                break;
        }
    }

    private void GetFile(IFile file, string path, string target)
    {
        VolumePath.Demand(file.Stat(out var stat), path);
        using (var to = File.OpenHandle(target, FileMode.CreateNew, FileAccess.Write))
        {
            var offset = 0UL;
            while (true)
            {
                VolumePath.Demand(file.Read(offset, buffer, out var read), path);
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
