using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Guardian.Files.Native;

namespace Guardian.Files.Host;

/// <summary>A plain directory of the host. Nothing is encrypted or checked.</summary>
[SupportedOSPlatform("linux")]
public sealed class HostFileSystem : IFileSystem
{
    private readonly HostDirectory root;

    private HostFileSystem(HostDirectory root) => this.root = root;

    /// <inheritdoc/>
    public IDirectory Root => root;

    /// <summary>Opens a directory. It stays open when it is renamed.</summary>
    /// <param name="path">The directory's path.</param>
    /// <returns>The file system; the caller disposes it.</returns>
    /// <exception cref="IOException">The directory is not there, not a directory, or not accessible.</exception>
    public static HostFileSystem Open(string path)
    {
        var descriptor = Libc.OpenAt(Libc.CurrentDirectory, path, Libc.Directory | Libc.CloseOnExec, 0);
        return descriptor >= 0
            ? new HostFileSystem(new HostDirectory(descriptor))
            : throw new IOException($"cannot open the directory {path}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
    }

    /// <summary>Finds the kind of the file at a path of the host.</summary>
    /// <param name="path">The path.</param>
    /// <param name="followsLinks">Whether a link as the last part stands for its target.</param>
    /// <returns>The kind; null when there is nothing, or nothing to be seen.</returns>
    internal static unsafe FileKind? FindKind(string path, bool followsLinks = false)
    {
        const uint basic = 0x7FF;
        Libc.Statx stat;
        var flags = followsLinks ? 0 : Libc.SymlinkNoFollow;
        return Libc.StatAt(Libc.CurrentDirectory, path, flags, basic, &stat) == 0 ? HostNode.KindOf(stat.Mode) : null;
    }

    /// <inheritdoc/>
    public void Dispose() => root.Dispose();
}
