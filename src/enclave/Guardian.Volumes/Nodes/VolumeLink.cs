using System.Text;
using Guardian.Files;
using Guardian.Volumes.Content;

namespace Guardian.Volumes.Nodes;

/// <summary>An open symbolic link.</summary>
internal sealed class VolumeLink(OpenVolume volume, Inode inode) : VolumeNode(volume, inode), ISymbolicLink
{
    public const int MaxTargetSize = 4095;

    public override FileKind Kind => FileKind.SymbolicLink;

    public FileError ReadTarget(out string target)
    {
        var found = "";
        var error = Volume.Run(() =>
        {
            var bytes = new byte[(int)Math.Min(Inode.Size, MaxTargetSize)];
            Volume.Cache.Read(Inode, 0, bytes);
            found = Encoding.UTF8.GetString(bytes);
            return FileError.Success;
        });
        target = found;
        return error;
    }
}
